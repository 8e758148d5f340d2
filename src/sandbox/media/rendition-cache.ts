import type { MadeRendition } from './rendition.js';

export type Made = MadeRendition | 'identity' | undefined;

/** Keeps what was made last, because a page of thumbnails asks for the same ones again and again. */
export interface RenditionCache {
  /** One is made at a time: a decoded picture takes a hundred megabytes. */
  get(key: string, make: () => Promise<Made>): Promise<Made>;
  clear(): void;
}

/** @param limit bytes to keep */
export function renditionCache(limit: number): RenditionCache {
  const entries = new Map<string, { made: Promise<Made>; size: number }>();
  let last: Promise<unknown> = Promise.resolve();

  async function add(key: string, make: () => Promise<Made>): Promise<Made> {
    const made = last.then(make);
    last = made.catch(() => {}); // whoever asked for it is told
    const entry = { made, size: 0 };
    entries.set(key, entry);
    try {
      const result = await made;
      entry.size = typeof result === 'object' ? result.bytes.byteLength : 0;
      shrink();
      return result;
    } catch (error) {
      entries.delete(key);
      throw error;
    }
  }

  function shrink(): void {
    let size = [...entries.values()].reduce((sum, entry) => sum + entry.size, 0);
    for (const [key, entry] of entries) {
      if (size <= limit) return;
      entries.delete(key); // the oldest stands first
      size -= entry.size;
    }
  }

  return {
    get(key, make) {
      const entry = entries.get(key);
      if (!entry) return add(key, make);
      entries.delete(key);
      entries.set(key, entry);
      return entry.made;
    },
    clear: () => entries.clear(),
  };
}
