import { JobLimitExceeded } from './job-limit-exceeded.js';
import type { MadeRendition, Renditions } from './rendition.js';

/** Caches the most recently used renditions, because browsers request the thumbnails of a page repeatedly. */
export interface RenditionCache {
  /**
   * Returns a rendition from the cache, or runs a job to make it. Concurrent requests share one job. A miss is not cached, but a
   * job that exceeded its limits is not run again.
   * @param id the id of the file
   * @param job the name of the job. Renditions with the same job name are made together.
   */
  get(id: string, name: string, job: string, make: () => Promise<Renditions>): Promise<Made | undefined>;
  clear(): void;
}

type Made = MadeRendition | 'identity';

/** The limits of the cache, over all files. */
export interface CacheLimits {
  bytes: number;
  entries: number;
}

export function renditionCache(limits: CacheLimits): RenditionCache {
  const entries = new Map<string, Made>(); // the least recently used entry is first
  const running = new Map<string, Promise<Renditions>>();
  const failedJobs = new Set<string>();
  let bytes = 0;

  function drop(key: string): void {
    bytes -= sizeOf(entries.get(key));
    entries.delete(key);
  }

  function keep(key: string, made: Made): void {
    drop(key);
    entries.set(key, made);
    bytes += sizeOf(made);
    for (const oldest of entries.keys()) {
      if (entries.size <= limits.entries && bytes <= limits.bytes) return;
      drop(oldest);
    }
  }

  async function run(id: string, job: string, make: () => Promise<Renditions>): Promise<Renditions> {
    try {
      const made = await make();
      for (const [name, rendition] of made) keep(`${id}/${name}`, rendition);
      return made;
    } catch (error) {
      if (!(error instanceof JobLimitExceeded)) throw error;
      rememberFailed(job);
      return new Map();
    }
  }

  function rememberFailed(job: string): void {
    failedJobs.add(job);
    for (const oldest of failedJobs) {
      if (failedJobs.size <= limits.entries) return;
      failedJobs.delete(oldest);
    }
  }

  return {
    async get(id, name, job, make) {
      const known = entries.get(`${id}/${name}`);
      if (known) {
        keep(`${id}/${name}`, known);
        return known;
      }
      const key = `${id}/${job}`;
      if (failedJobs.has(key)) return undefined;
      let made = running.get(key);
      if (!made) {
        made = run(id, key, make).finally(() => running.delete(key));
        running.set(key, made);
      }
      return (await made).get(name);
    },
    clear() {
      entries.clear();
      failedJobs.clear();
      bytes = 0;
    },
  };
}

function sizeOf(made: Made | undefined): number {
  return typeof made === 'object' ? made.bytes.byteLength : 0;
}
