import { type HttpHandler, http } from 'msw';
import { endpoints } from '../../protocol/endpoints.js';
import { createSandbox, type Sandbox } from './create-sandbox.js';

/**
 * Puts a sandbox where doctape was, so that an application's tests run against a doctape that remembers, without a port
 * and without configuration.
 *
 * @example
 * const sandbox = createSandbox();
 * const server = setupServer(...doctapeHandlers(sandbox));
 */
export function doctapeHandlers(sandbox: Sandbox = createSandbox()): HttpHandler[] {
  const origins = new Set(Object.values(endpoints).map((endpoint) => new URL(endpoint).origin));
  return [...origins].map((origin) => http.all(`${origin}/*`, ({ request }) => sandbox.fetch(request)));
}
