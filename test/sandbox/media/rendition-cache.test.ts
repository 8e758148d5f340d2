import { describe, expect, it } from 'vitest';
import type { Renditions } from '../../../src/sandbox/media/rendition.js';
import { renditionCache } from '../../../src/sandbox/media/rendition-cache.js';
import { TooMuchWork } from '../../../src/sandbox/media/too-much-work.js';

/** A job that makes renditions of so many bytes, and counts how often it was done. */
function jobOf(sizes: Record<string, number>) {
  const job = {
    times: 0,
    async make(): Promise<Renditions> {
      job.times += 1;
      await Promise.resolve();
      return new Map(
        Object.entries(sizes).map(([name, size]) => [name, { bytes: new Uint8Array(size), type: 'image/jpeg' }]),
      );
    },
  };
  return job;
}

const roomy = { bytes: 1_000, entries: 100 };

describe('the cache of renditions', () => {
  it('makes a rendition once', async () => {
    const cache = renditionCache(roomy);
    const job = jobOf({ small: 10 });
    for (let round = 0; round < 3; round++) expect(await cache.get('id', 'small', 'job', job.make)).toBeDefined();
    expect(job.times).toBe(1);
  });

  it('lets requests at once share a job, also for different things that it makes', async () => {
    const cache = renditionCache(roomy);
    const job = jobOf({ small: 10, large: 20 });
    const made = await Promise.all(['small', 'large', 'small'].map((name) => cache.get('id', name, 'job', job.make)));
    expect(made).toMatchObject([{ bytes: { length: 10 } }, { bytes: { length: 20 } }, { bytes: { length: 10 } }]);
    expect(job.times).toBe(1);
    await cache.get('id', 'large', 'job', job.make);
    expect(job.times).toBe(1);
  });

  it('does not keep that there is nothing', async () => {
    const cache = renditionCache(roomy);
    const job = jobOf({});
    for (let round = 0; round < 3; round++) expect(await cache.get('id', 'small', 'job', job.make)).toBeUndefined();
    expect(job.times).toBe(3);
  });

  it('does not keep a failure', async () => {
    const cache = renditionCache(roomy);
    const failing = () => Promise.reject(new Error('disk'));
    await expect(cache.get('id', 'small', 'job', failing)).rejects.toThrow('disk');
    expect(await cache.get('id', 'small', 'job', jobOf({ small: 1 }).make)).toBeDefined();
  });

  it('does not do a job again that was too much', async () => {
    const cache = renditionCache(roomy);
    let times = 0;
    const endless = () => {
      times += 1;
      return Promise.reject(new TooMuchWork('too slow'));
    };
    for (let round = 0; round < 3; round++) expect(await cache.get('id', 'small', 'job', endless)).toBeUndefined();
    expect(times).toBe(1);
    cache.clear();
    await cache.get('id', 'small', 'job', endless);
    expect(times).toBe(2);
  });

  it.each([
    ['bytes', { bytes: 100, entries: 1_000 }, 30],
    ['entries', { bytes: 1_000_000, entries: 3 }, 30],
    ['entries, also of what has no bytes', { bytes: 1_000_000, entries: 3 }, 0],
  ])('keeps no more than its limit of %s: what was used longest ago goes first', async (_what, limits, size) => {
    const cache = renditionCache(limits);
    const jobs = ['a', 'b', 'c', 'd'].map((id) => ({ id, job: jobOf({ small: size }) }));
    const get = async (index: number) => {
      const { id = '', job } = jobs[index] ?? {};
      if (job) await cache.get(id, 'small', 'job', job.make);
    };
    for (const index of [0, 1, 2, 0, 3, 0, 2, 3, 1]) await get(index);
    expect(jobs.map(({ job }) => job.times)).toEqual([1, 2, 1, 1]);
  });

  it('does not keep what is larger than all of it', async () => {
    const cache = renditionCache({ bytes: 100, entries: 10 });
    const job = jobOf({ small: 101 });
    for (let round = 0; round < 2; round++) expect(await cache.get('id', 'small', 'job', job.make)).toBeDefined();
    expect(job.times).toBe(2);
  });
});
