import { ConfigurationError } from '../../protocol/errors.js';
import type { FetchInit } from './fetch-option.js';

/** Which `fetch` this is: they differ in what a request may be (docs in platform-specific lines link back here). */
export type Platform = 'node' | 'bun' | 'deno' | 'workerd' | 'edge-light' | 'browser';

export function platform(): Platform {
  const { Bun, Deno, EdgeRuntime, process, navigator } = globalThis as {
    Bun?: unknown;
    Deno?: unknown;
    EdgeRuntime?: unknown;
    process?: { versions?: { node?: string }; type?: string };
    navigator?: { userAgent?: string };
  };
  // before Node, whose `process` it may have (nodejs_compat)
  if (navigator?.userAgent === 'Cloudflare-Workers') return 'workerd';
  if (typeof EdgeRuntime === 'string') return 'edge-light'; // Vercel's, whose `process` has at most an `env`
  if (Bun !== undefined) return 'bun';
  if (Deno !== undefined) return 'deno';
  // a window of Electron may have Node in it, and still fetches as a page
  return process?.versions?.node !== undefined && process.type !== 'renderer' ? 'node' : 'browser';
}

/**
 * Neither cookies nor a cache. At the edge there are no cookies, and `fetch` throws on what it does not know; a cache there
 * is, of Cloudflare by its compatibility date, and of Next.js.
 */
export function withoutTraces(): Pick<FetchInit, 'credentials' | 'cache'> {
  if (!['workerd', 'edge-light'].includes(platform())) return { credentials: 'omit', cache: 'no-store' };
  return 'cache' in Request.prototype ? { cache: 'no-store' } : {};
}

/** @throws {ConfigurationError} `unsupported_platform`, naming the first of these that the runtime lacks */
export function needs(...names: string[]): void {
  const missing = names.find((name) => Reflect.get(globalThis, name) === undefined);
  if (missing === undefined) return;
  const remedy =
    'use a current browser, Node 22.12 or later, or a test environment that has it (for Jest, jest-fixed-jsdom)';
  throw new ConfigurationError('unsupported_platform', `this runtime has no global ${missing}: ${remedy}`);
}
