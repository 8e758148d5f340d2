/** Which `fetch` this is: they differ in what a request may be (docs in platform-specific lines link back here). */
export type Platform = 'node' | 'bun' | 'deno' | 'workerd' | 'browser';

export function platform(): Platform {
  const { Bun, Deno, process, navigator } = globalThis as {
    Bun?: unknown;
    Deno?: unknown;
    process?: { versions?: { node?: string } };
    navigator?: { userAgent?: string };
  };
  if (navigator?.userAgent === 'Cloudflare-Workers') return 'workerd';
  if (Bun !== undefined) return 'bun';
  if (Deno !== undefined) return 'deno';
  return process?.versions?.node !== undefined ? 'node' : 'browser';
}

/** Neither cookies nor a cache. workerd has none of them, and throws on the options. */
export function withoutTraces(): RequestInit {
  return platform() === 'workerd' ? {} : { credentials: 'omit', cache: 'no-store' };
}
