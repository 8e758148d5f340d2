import type { MadeRendition, Renditions } from './rendition.js';
import { TooMuchWork } from './too-much-work.js';

/** Keeps the renditions that were used last, because a page of thumbnails asks for the same ones again and again. */
export interface RenditionCache {
  /**
   * A rendition out of the cache, or else out of a job. Requests for what the same job makes share it. What a job does not
   * make is not kept, except that a job which exceeded its limits is not done again.
   * @param id whose rendition it is
   * @param job the name of the job, which is the same for the same work on a file
   */
  get(id: string, name: string, job: string, make: () => Promise<Renditions>): Promise<Made | undefined>;
  clear(): void;
}

type Made = MadeRendition | 'identity';

/** How much may be kept. */
export interface CacheLimits {
  bytes: number;
  entries: number;
}

export function renditionCache(limits: CacheLimits): RenditionCache {
  const kept = new Map<string, Made>(); // the one that was used longest ago stands first
  const running = new Map<string, Promise<Renditions>>();
  const givenUp = new Set<string>();
  let bytes = 0;

  function drop(key: string): void {
    bytes -= sizeOf(kept.get(key));
    kept.delete(key);
  }

  function keep(key: string, made: Made): void {
    drop(key);
    kept.set(key, made);
    bytes += sizeOf(made);
    for (const oldest of kept.keys()) {
      if (kept.size <= limits.entries && bytes <= limits.bytes) return;
      drop(oldest);
    }
  }

  async function run(id: string, job: string, make: () => Promise<Renditions>): Promise<Renditions> {
    try {
      const made = await make();
      for (const [name, rendition] of made) keep(`${id}/${name}`, rendition);
      return made;
    } catch (error) {
      if (!(error instanceof TooMuchWork)) throw error;
      giveUp(job);
      return new Map();
    }
  }

  function giveUp(job: string): void {
    givenUp.add(job);
    for (const oldest of givenUp) {
      if (givenUp.size <= limits.entries) return;
      givenUp.delete(oldest);
    }
  }

  return {
    async get(id, name, job, make) {
      const known = kept.get(`${id}/${name}`);
      if (known) {
        keep(`${id}/${name}`, known);
        return known;
      }
      const key = `${id}/${job}`;
      if (givenUp.has(key)) return undefined;
      let made = running.get(key);
      if (!made) {
        made = run(id, key, make).finally(() => running.delete(key));
        running.set(key, made);
      }
      return (await made).get(name);
    },
    clear() {
      kept.clear();
      givenUp.clear();
      bytes = 0;
    },
  };
}

function sizeOf(made: Made | undefined): number {
  return typeof made === 'object' ? made.bytes.byteLength : 0;
}
