import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { invalid } from '../../protocol/checks.js';
import { sameText } from '../../protocol/same-text.js';
import { systemCode } from '../system-error.js';
import { refuse, showPage } from './callback-page.js';

export interface CallbackServer {
  /** Such as `http://127.0.0.1:40123/callback`. */
  redirectUri: string;
  /**
   * Waits for the callback that has this state, and has `finish` make something of it, once; the browser is shown how that
   * went, as often as it asks. Whatever else comes is turned away.
   */
  receive<T>(state: string, finish: (callback: string) => Promise<T>): Promise<T>;
  /** Ends all connections. */
  close(): Promise<void>;
}

const host = '127.0.0.1';

/**
 * Listens for a callback on this machine (RFC 8252 section 7.3): on 127.0.0.1, and on the same port of [::1], where a server or
 * a proxy that rewrites the address may send the browser.
 */
export async function callbackServer(path: string, port: number): Promise<CallbackServer> {
  let accept: ((request: IncomingMessage, response: ServerResponse, query: string) => void) | undefined;
  const listener: RequestListener = (request, response) => {
    response.on('error', () => {}); // a browser that leaves
    const [target = '', query = ''] = split(request.url ?? '');
    // a page elsewhere may have given its own name this address (DNS rebinding)
    if (!authorities.has(request.headers.host)) refuse(response, 421);
    else if (target !== path) refuse(response, 404);
    else if (request.method !== 'GET') refuse(response, 405, { allow: 'GET' });
    else if (accept) accept(request, response, query);
    else showPage(response, 'foreign');
  };
  const server = await listen(listener, port, host).catch((error: unknown) => {
    const code = systemCode(error);
    const reason = code === 'EADDRINUSE' ? 'it is taken: choose another, or 0 for a free one' : `(${code})`;
    throw invalid('port', `${port} on ${host} cannot be listened on: ${reason}`);
  });
  const redirectUri = `http://${host}:${(server.address() as AddressInfo).port}${path}`;
  const url = new URL(redirectUri);
  const authorities = new Set<string | undefined>([url.host, url.host.replace(host, '[::1]')]); // without port 80
  // without IPv6, or if another program has that port, 127.0.0.1 is enough: it is what the redirect URI names
  const second = await listen(listener, Number(url.port || 80), '::1').catch(() => undefined);

  return {
    redirectUri,

    receive(state, finish) {
      return new Promise((resolve) => {
        let callback: string | undefined;
        let outcome: Promise<'success' | 'refused'>;
        const answers: Promise<unknown>[] = [];
        accept = (request, response, query) => {
          const { url = '' } = request;
          const states = new URLSearchParams(query).getAll('state');
          const isOurs = states.length === 1 && sameText(states[0] ?? '', state) && url === (callback ?? url);
          if (!isOurs) return showPage(response, 'foreign');
          answers.push(new Promise((done) => response.once('close', done)));
          if (callback === undefined) {
            callback = url; // which browsers may load again, and are shown the same then
            const result = finish(url);
            outcome = result.then(
              () => 'success',
              () => 'refused',
            );
            void outcome.then(() => Promise.all(answers)).then(() => resolve(result));
          }
          void outcome.then((kind) => showPage(response, kind));
        };
      });
    },

    async close() {
      await Promise.all([server, second].map(closed));
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

async function closed(server: Server | undefined): Promise<void> {
  if (!server) return;
  const closing = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await closing;
}

function split(url: string): string[] {
  const at = url.indexOf('?');
  return at < 0 ? [url] : [url.slice(0, at), url.slice(at + 1)];
}
