/** A queue that takes an item of each owner in turn, so that nobody waits for all files of somebody else. */
export interface FairQueue<T> {
  readonly size: number;
  add(owner: string, item: T): void;
  /** Removes and returns the next item. */
  take(): T | undefined;
  clear(): void;
}

export function fairQueue<T>(): FairQueue<T> {
  const waiting = new Map<string, T[]>(); // the owner whose turn it is comes first
  let size = 0;
  return {
    get size() {
      return size;
    },
    add(owner, item) {
      const items = waiting.get(owner);
      if (items) items.push(item);
      else waiting.set(owner, [item]);
      size += 1;
    },
    take() {
      const [[owner, items] = []] = waiting;
      if (owner === undefined || !items) return undefined;
      waiting.delete(owner);
      const item = items.shift();
      if (items.length > 0) waiting.set(owner, items);
      size -= 1;
      return item;
    },
    clear() {
      waiting.clear();
      size = 0;
    },
  };
}
