import { expect, it } from 'vitest';
import { itemsOf } from '../../../src/transport/calls/items-of.js';

async function* batches(...all: (number[] | Error)[]): AsyncGenerator<number[], void, undefined> {
  for (const batch of all) {
    await Promise.resolve();
    if (batch instanceof Error) throw batch;
    yield batch;
  }
}

it('yields the items of all batches, also of empty ones', async () => {
  const items = [];
  for await (const item of itemsOf(batches([], [1, 2], [], [3]))) items.push(item);
  expect(items).toEqual([1, 2, 3]);
});

it('gives each of several calls at once its own item, in order', async () => {
  const iterator = itemsOf(batches([1, 2], [3]));
  const results = await Promise.all(Array.from({ length: 5 }, () => iterator.next()));
  expect(results.map(({ value }) => value)).toEqual([1, 2, 3, undefined, undefined]);
  expect(results.map(({ done }) => done)).toEqual([false, false, false, true, true]);
});

it('throws the error of a batch after the items before it, and ends', async () => {
  const iterator = itemsOf(batches([1], new Error('broken')));
  expect(await iterator.next()).toEqual({ done: false, value: 1 });
  await expect(iterator.next()).rejects.toThrow('broken');
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});

it('closes the batches when the loop is left, and yields nothing more', async () => {
  let closed = false;
  async function* closable(): AsyncGenerator<number[], void, undefined> {
    try {
      yield [1, 2, 3];
      yield [4];
    } finally {
      closed = true;
    }
  }
  const iterator = itemsOf(closable());
  for await (const item of iterator) if (item === 2) break;
  expect(closed).toBe(true);
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});

it('does not open the batches when it is left before the first item', async () => {
  let opened = false;
  async function* opening(): AsyncGenerator<number[], void, undefined> {
    opened = true;
    yield [1];
  }
  const iterator = itemsOf(opening());
  expect(await iterator.return?.()).toEqual({ done: true, value: undefined });
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
  expect(opened).toBe(false);
});

it('works where the prototypes of generators are frozen, as by SES', async () => {
  async function* frozen(): AsyncGenerator<number[], void, undefined> {
    yield [1, 2];
  }
  const { next, return: close } = Object.getPrototypeOf(frozen.prototype);
  Object.defineProperties(frozen.prototype, { next: { value: next }, return: { value: close } });
  const items = [];
  for await (const item of itemsOf(frozen())) items.push(item);
  expect(items).toEqual([1, 2]);
});
