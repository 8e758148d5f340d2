import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { invalid } from '../../protocol/checks.js';
import { constantTimeEqual } from '../../protocol/constant-time-equal.js';
import { isBlockedPort } from '../../protocol/urls.js';
import { systemCode } from '../system-error.js';
import { refuse, showPage } from './callback-page.js';

export interface CallbackServer {
  /** For example `http://127.0.0.1:40123/callback`. */
  redirectUri: string;
  /**
   * Waits for the callback with this state, calls `finish` with its URL once, and shows the result in the browser, also if the
   * browser loads the page again. All other requests are rejected.
   */
  receive<T>(state: string, finish: (callback: string) => Promise<T>): Promise<T>;
  /** Closes all connections. */
  close(): Promise<void>;
}

const host = '127.0.0.1';

/**
 * Listens for a callback on this machine (RFC 8252 section 7.3): on 127.0.0.1, and on the same port of [::1], because a server or
 * proxy may rewrite the redirect URI to localhost.
 */
export async function callbackServer(path: string, port: number): Promise<CallbackServer> {
  if (isBlockedPort(port))
    throw invalid('port', `${port} is one that browsers refuse to connect to: choose another port`);
  let accept: ((request: IncomingMessage, response: ServerResponse, query: string) => void) | undefined;
  const listener: RequestListener = (request, response) => {
    response.on('error', () => {}); // the browser closed the connection
    const [target = '', query = ''] = split(request.url ?? '');
    // another site may have pointed its own host name here (DNS rebinding)
    if (!authorities.has(request.headers.host)) refuse(response, 421);
    else if (target !== path) refuse(response, 404);
    else if (request.method !== 'GET') refuse(response, 405, { allow: 'GET' });
    else if (accept) accept(request, response, query);
    else showPage(response, 'unrelated');
  };
  const server = await listen(listener, port, host).catch((error: unknown) => {
    const code = systemCode(error);
    const reason =
      code === 'EADDRINUSE' ? 'another program uses it: choose another port, or 0 for a free one' : `(${code})`;
    throw invalid('port', `${port} on ${host} is not available: ${reason}`);
  });
  const redirectUri = `http://${host}:${(server.address() as AddressInfo).port}${path}`;
  const url = new URL(redirectUri);
  const authorities = new Set<string | undefined>([url.host, url.host.replace(host, '[::1]')]); // omits port 80
  // an error is ignored (no IPv6, or another program uses the port), because the redirect URI has 127.0.0.1
  const second = await listen(listener, Number(url.port || 80), '::1').catch(() => undefined);

  return {
    redirectUri,

    receive(state, finish) {
      return new Promise((resolve) => {
        let callback: string | undefined;
        let outcome: Promise<'success' | 'refused'>;
        const responses: Promise<unknown>[] = [];
        accept = (request, response, query) => {
          const { url = '' } = request;
          const states = new URLSearchParams(query).getAll('state');
          const isOurs = states.length === 1 && constantTimeEqual(states[0] ?? '', state) && url === (callback ?? url);
          if (!isOurs) return showPage(response, 'unrelated');
          responses.push(new Promise((done) => response.once('close', done)));
          if (callback === undefined) {
            callback = url; // browsers may load it again, and then see the same page
            const result = finish(url);
            outcome = result.then(
              () => 'success',
              () => 'refused',
            );
            void outcome.then(() => Promise.all(responses)).then(() => resolve(result));
          }
          void outcome.then((kind) => showPage(response, kind));
        };
      });
    },

    async close() {
      await Promise.all([server, second].map(closeServer));
    },
  };
}

async function listen(listener: RequestListener, port: number, address: string): Promise<Server> {
  const server = createServer(listener);
  const listening = once(server, 'listening');
  server.listen({ port, host: address, ipv6Only: true });
  await listening;
  return server;
}

async function closeServer(server: Server | undefined): Promise<void> {
  if (!server) return;
  const closing = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closing;
}

function split(url: string): string[] {
  const at = url.indexOf('?');
  return at < 0 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}
