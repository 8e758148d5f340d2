import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6, type Socket } from 'node:net';
import { getRequestListener, type Http2Bindings, type HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { TextResponse } from '../core/response-text.js';

/** How long a connection may be idle, in milliseconds. */
export interface IdleLimits {
  /** From the start of a connection or a request to the end of the request headers. */
  headers: number;
  /** Between two chunks of a request body, and while the client does not read the response. */
  body: number;
  /** Between two requests of a connection. */
  keepAlive: number;
}

export const defaultIdleLimits: IdleLimits = { headers: 20_000, body: 60_000, keepAlive: 60_000 };

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

type RequestHandler = (request: Request, connection: HttpBindings) => Response | Promise<Response>;

/**
 * A server that closes a connection that is idle while it is the client's turn. The duration of a request is not limited: a
 * large upload takes long, and so do an extract and a fault that stalls.
 */
export function createHttpServer(
  handler: RequestHandler,
  limits: IdleLimits,
  secureHosts: ReadonlySet<string> = new Set(),
): Server {
  const respond = async (request: Request, connection: HttpBindings | Http2Bindings) => {
    const http1 = connection as HttpBindings; // `createServer` serves nothing else
    const response = await handler(request, http1);
    return response instanceof TextResponse ? sendText(http1.outgoing, response) : response;
  };
  // Hono would close a connection half a second after a response whose request is still being sent: see `discardRest`
  const listener = getRequestListener(respond, { overrideGlobalObjects: false, autoCleanupIncoming: false });
  const server = createServer(
    {
      requestTimeout: 0,
      // with a `requestTimeout` of 0, Node would use 0 for this as well (https://github.com/nodejs/node/issues/33440)
      headersTimeout: limits.headers,
      connectionsCheckingInterval: Math.min(5_000, limits.headers),
      keepAliveTimeout: limits.keepAlive,
    },
    (request, response) => {
      addHost(request);
      if (secureHosts.size > 0) addScheme(request, secureHosts);
      return listener(request, response);
    },
  );
  server.timeout = limits.body; // while idle in both directions
  const exchanges = new WeakMap<Socket, Exchange>();
  server.on('request', (request, response) => {
    exchanges.set(request.socket, { request, response });
    if (!hasBody(request)) return; // listeners for each call take time
    response.once('prefinish', () => postponeClose(request, response));
    response.once('finish', () => discardRest(request));
  });
  server.on('timeout', (socket: Socket) => {
    const exchange = exchanges.get(socket);
    if (!exchange || !isSandboxBusy(exchange, socket)) socket.destroy();
  });
  return server;
}

/**
 * A request of HTTP/1.0 needs no `Host` (RFC 9112 section 3.2): it is for the address that the client has connected to. No browser sends
 * one, so that this does not weaken the check of host names. Node refuses such requests of HTTP/1.1.
 */
function addHost({ httpVersion, headers, socket }: IncomingMessage): void {
  if (httpVersion !== '1.0' || headers.host) return;
  const address = (socket.localAddress ?? '').replace(/^::ffff:|%.*$/g, '');
  headers.host = `${isIPv6(address) ? `[${address}]` : address}:${socket.localPort}`;
}

/**
 * Makes `https` the scheme of a request that a proxy has received over TLS. Links, cookies and the issuer depend on the scheme. The
 * header `X-Forwarded-Proto` would tell it too, but clients can send it, and not all proxies do.
 */
function addScheme(request: IncomingMessage, secureHosts: ReadonlySet<string>): void {
  const host = request.headers.host?.toLowerCase().replace(/:443$/, '');
  if (host !== undefined && secureHosts.has(host) && request.url?.startsWith('/')) {
    request.url = `https://${host}${request.url}`;
  }
}

/**
 * Sends a response whose text is known. Hono's server is that fast only if it may replace the global `Response`, which would change
 * the process of an application that runs a sandbox.
 */
function sendText(outgoing: HttpBindings['outgoing'], response: TextResponse): Response {
  if (outgoing.destroyed || outgoing.headersSent) return RESPONSE_ALREADY_SENT; // the client or a fault closed the connection
  const { status, content } = response;
  outgoing.writeHead(status, { ...response.headerFields(), 'content-length': Buffer.byteLength(content) });
  outgoing.end(content);
  return RESPONSE_ALREADY_SENT;
}

/** Whether the request has a body, which may be empty (RFC 9112 section 6.3). */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
}

/** How much of a body is discarded after the response. */
const maxDiscardedBytes = 256 * 1024 * 1024;

/**
 * Discards the rest of a body that was not read, because the request was refused. A server that closes the connection while the client
 * is still sending makes the client report a broken connection instead of the response, and the connection could not carry another
 * request. If the client stalls, the connection is closed because it is idle.
 */
function discardRest(request: IncomingMessage): void {
  if (request.complete) return;
  let left = maxDiscardedBytes;
  request.removeAllListeners('data'); // of the stream that the handler has stopped reading, which would pause the request
  request.on('data', (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left < 0) request.socket.destroySoon();
  });
  request.resume();
}

/**
 * Node closes the connection when a response is sent that is the last one, because the client asked for it. The undocumented property
 * `_last` tells so.
 */
function postponeClose(request: IncomingMessage, response: ServerResponse): void {
  if (request.complete || Reflect.get(response, '_last') !== true) return;
  Reflect.set(response, '_last', false);
  request.once('end', () => request.socket.destroySoon());
}

/** Whether the client has sent its request and read all that was written, so that the next step is the sandbox's. */
function isSandboxBusy({ request, response }: Exchange, socket: Socket): boolean {
  const hasSent = request.complete || request.readableLength > 0; // buffered, and not yet read by the sandbox
  return hasSent && !response.writableEnded && socket.writableLength === 0;
}
