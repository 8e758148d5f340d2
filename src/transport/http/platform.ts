import { ConfigurationError } from '../../protocol/errors.js';
import type { FetchInit } from './fetch-option.js';

/** The runtime. Each `fetch` has its own restrictions. */
export type Platform = 'node' | 'bun' | 'deno' | 'workerd' | 'edge-light' | 'browser';

export function platform(): Platform {
  const { Bun, Deno, EdgeRuntime, process, navigator } = globalThis as {
    Bun?: unknown;
    Deno?: unknown;
    EdgeRuntime?: unknown;
    process?: { versions?: { node?: string }; type?: string };
    navigator?: { userAgent?: string };
  };
  // checked before Node.js, because nodejs_compat adds `process`
  if (navigator?.userAgent === 'Cloudflare-Workers') return 'workerd';
  if (typeof EdgeRuntime === 'string') return 'edge-light'; // Vercel, whose `process` has only `env`
  if (Bun !== undefined) return 'bun';
  if (Deno !== undefined) return 'deno';
  // an Electron window and its workers (`renderer`, `worker`, `service-worker`) can have Node.js, but their `fetch` is that of a browser.
  // The type `browser` is the main process: it has the `fetch` of Node.js
  return process?.versions?.node !== undefined && !/[rk]er$/.test(`${process.type}`) ? 'node' : 'browser';
}

/**
 * Options that turn off cookies and the cache. Edge runtimes have no cookies and throw for unknown options. Cloudflare has a cache,
 * depending on the compatibility date, and so has Next.js.
 */
export function withoutTraces(): Pick<FetchInit, 'credentials' | 'cache'> {
  if (!['workerd', 'edge-light'].includes(platform())) return { credentials: 'omit', cache: 'no-store' };
  return 'cache' in Request.prototype ? { cache: 'no-store' } : {};
}

/** @throws {ConfigurationError} `unsupported_platform`, with the first of these globals that is missing */
export function requireGlobals(...names: string[]): void {
  const missing = names.find((name) => Reflect.get(globalThis, name) === undefined);
  if (missing === undefined) return;
  const remedy =
    'use a current browser, Node 22.12 or later, or a test environment that has it (for Jest, jest-fixed-jsdom)';
  throw new ConfigurationError('unsupported_platform', `this runtime has no global ${missing}: ${remedy}`);
}
