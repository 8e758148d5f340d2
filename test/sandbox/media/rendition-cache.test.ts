import { describe, expect, it } from 'vitest';
import { JobLimitExceeded } from '../../../src/sandbox/media/job-limit-exceeded.js';
import type { Renditions } from '../../../src/sandbox/media/rendition.js';
import { renditionCache } from '../../../src/sandbox/media/rendition-cache.js';

/** A job that makes renditions of the given sizes, and counts its runs. */
function jobOf(sizes: Record<string, number>) {
  const job = {
    runs: 0,
    async make(): Promise<Renditions> {
      job.runs += 1;
      await Promise.resolve();
      return new Map(
        Object.entries(sizes).map(([name, size]) => [name, { bytes: new Uint8Array(size), type: 'image/jpeg' }]),
      );
    },
  };
  return job;
}

const generous = { bytes: 1_000, entries: 100 };

describe('the rendition cache', () => {
  it('makes a rendition only once', async () => {
    const cache = renditionCache(generous);
    const job = jobOf({ small: 10 });
    for (let round = 0; round < 3; round++) expect(await cache.get('id', 'small', 'job', job.make)).toBeDefined();
    expect(job.runs).toBe(1);
  });

  it('shares one job between concurrent requests, also for different renditions', async () => {
    const cache = renditionCache(generous);
    const job = jobOf({ small: 10, large: 20 });
    const made = await Promise.all(['small', 'large', 'small'].map((name) => cache.get('id', name, 'job', job.make)));
    expect(made).toMatchObject([{ bytes: { length: 10 } }, { bytes: { length: 20 } }, { bytes: { length: 10 } }]);
    expect(job.runs).toBe(1);
    await cache.get('id', 'large', 'job', job.make);
    expect(job.runs).toBe(1);
  });

  it('does not cache a miss', async () => {
    const cache = renditionCache(generous);
    const job = jobOf({});
    for (let round = 0; round < 3; round++) expect(await cache.get('id', 'small', 'job', job.make)).toBeUndefined();
    expect(job.runs).toBe(3);
  });

  it('does not cache an error', async () => {
    const cache = renditionCache(generous);
    const failing = () => Promise.reject(new Error('disk'));
    await expect(cache.get('id', 'small', 'job', failing)).rejects.toThrow('disk');
    expect(await cache.get('id', 'small', 'job', jobOf({ small: 1 }).make)).toBeDefined();
  });

  it('does not run a job again that exceeded its limits', async () => {
    const cache = renditionCache(generous);
    let runs = 0;
    const endless = () => {
      runs += 1;
      return Promise.reject(new JobLimitExceeded('too slow'));
    };
    for (let round = 0; round < 3; round++) expect(await cache.get('id', 'small', 'job', endless)).toBeUndefined();
    expect(runs).toBe(1);
    cache.clear();
    await cache.get('id', 'small', 'job', endless);
    expect(runs).toBe(2);
  });

  it.each([
    ['bytes', { bytes: 100, entries: 1_000 }, 30],
    ['entries', { bytes: 1_000_000, entries: 3 }, 30],
    ['entries, including empty ones', { bytes: 1_000_000, entries: 3 }, 0],
  ])('removes the least recently used rendition when it exceeds its limit of %s', async (_what, limits, size) => {
    const cache = renditionCache(limits);
    const jobs = ['a', 'b', 'c', 'd'].map((id) => ({ id, job: jobOf({ small: size }) }));
    const get = async (index: number) => {
      const { id = '', job } = jobs[index] ?? {};
      if (job) await cache.get(id, 'small', 'job', job.make);
    };
    for (const index of [0, 1, 2, 0, 3, 0, 2, 3, 1]) await get(index);
    expect(jobs.map(({ job }) => job.runs)).toEqual([1, 2, 1, 1]);
  });

  it('does not cache a rendition that is larger than the whole cache', async () => {
    const cache = renditionCache({ bytes: 100, entries: 10 });
    const job = jobOf({ small: 101 });
    for (let round = 0; round < 2; round++) expect(await cache.get('id', 'small', 'job', job.make)).toBeDefined();
    expect(job.runs).toBe(2);
  });
});
