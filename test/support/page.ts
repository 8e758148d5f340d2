import type { WebStorage } from '../../src/browser.js';

/** Web Storage in memory. */
export function memoryStorage(): WebStorage & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    get length() {
      return entries.size;
    },
    key: (index) => [...entries.keys()][index] ?? null,
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
    removeItem: (key) => void entries.delete(key),
  };
}

/** A fake of the `location` and `history` of a page, whose URL tests can read. */
export class Page {
  href: string;
  /** The URLs that were passed to `assign()`. */
  readonly visited: string[] = [];
  state: unknown = { scrolled: 120 };

  constructor(href: string) {
    this.href = href;
  }

  assign(url: string): void {
    this.visited.push(url);
  }

  replaceState(state: unknown, _unused: string, url: string): void {
    const next = new URL(url, this.href);
    if (next.origin !== new URL(this.href).origin) throw new DOMException('another origin', 'SecurityError');
    this.state = state;
    this.href = url;
  }
}
