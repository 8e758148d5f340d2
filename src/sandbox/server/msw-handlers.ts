import { type HttpHandler, http } from 'msw';
import { endpoints } from '../../protocol/endpoints.js';
import { createSandbox, type Sandbox } from './create-sandbox.js';

/**
 * msw handlers that pass all requests to doctape's own hosts to a sandbox. The tests of an application then run against a
 * doctape server with state, without a port and without configuration.
 *
 * @param sandbox the server. @default a new sandbox
 *
 * @example
 * const sandbox = createSandbox();
 * const server = setupServer(...doctapeHandlers(sandbox));
 */
export function doctapeHandlers(sandbox: Sandbox = createSandbox()): HttpHandler[] {
  const origins = new Set(Object.values(endpoints).map((endpoint) => new URL(endpoint).origin));
  return [...origins].map((origin) => http.all(`${origin}/*`, ({ request }) => sandbox.fetch(request)));
}
