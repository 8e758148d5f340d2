/**
 * An iterator over the items of all batches. It inherits from the generator and has other methods, because a generator that yields
 * single items takes several times as long for each.
 */
export function itemsOf<T>(batches: AsyncGenerator<T[], void, undefined>): AsyncIterableIterator<T> {
  const nextBatch = batches.next.bind(batches);
  const close = batches.return.bind(batches);
  let items: T[] = [];
  let at = 0;
  let calls = 0;
  let lastCall: Promise<unknown> = Promise.resolve();

  async function next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (at < items.length) return { done: false, value: items[at++] as T };
      const batch = await nextBatch();
      if (batch.done) return { done: true, value: undefined };
      items = batch.value;
      at = 0;
    }
  }

  return {
    // not `Object.assign()`: an assignment throws if the prototype of generators is frozen (SES)
    __proto__: batches,
    next() {
      if (calls === 0 && at < items.length) return Promise.resolve({ done: false, value: items[at++] as T });
      calls++; // calls before the last one has settled wait for it
      const result = lastCall.then(next).finally(() => {
        calls--;
      });
      lastCall = result.catch(() => {});
      return result;
    },
    return() {
      items = [];
      return close();
    },
    throw: undefined, // that of the generator works only with itself
  } as unknown as AsyncIterableIterator<T>; // the rest is inherited
}
