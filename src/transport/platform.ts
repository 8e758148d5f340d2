/** Which `fetch` this is: they differ in what a request may be (docs in platform-specific lines link back here). */
export type Platform = 'node' | 'bun' | 'deno' | 'workerd' | 'browser';

export function platform(): Platform {
  const { Bun, Deno, process, navigator } = globalThis as {
    Bun?: unknown;
    Deno?: unknown;
    process?: { versions?: { node?: string }; type?: string };
    navigator?: { userAgent?: string };
  };
  if (navigator?.userAgent === 'Cloudflare-Workers') return 'workerd';
  if (Bun !== undefined) return 'bun';
  if (Deno !== undefined) return 'deno';
  // a window of Electron may have Node in it, and still fetches as a page
  return process?.versions?.node !== undefined && process.type !== 'renderer' ? 'node' : 'browser';
}

/** Neither cookies nor a cache. workerd has none of them, and throws on the options. */
export function withoutTraces(): RequestInit {
  return platform() === 'workerd' ? {} : { credentials: 'omit', cache: 'no-store' };
}
