/** Keeps the last results, because a page of thumbnails asks for the same ones again and again. */
export interface RenditionCache<T> {
  get(key: string, make: () => Promise<T>): Promise<T>;
  clear(): void;
}

export function renditionCache<T>(limit: number): RenditionCache<T> {
  const entries = new Map<string, Promise<T>>();
  return {
    get(key, make) {
      const entry = entries.get(key) ?? make();
      entries.delete(key); // the oldest stands first
      entries.set(key, entry);
      entry.catch(() => entries.delete(key));
      for (const oldest of entries.keys()) {
        if (entries.size <= limit) break;
        entries.delete(oldest);
      }
      return entry;
    },
    clear: () => entries.clear(),
  };
}
