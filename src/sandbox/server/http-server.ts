import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener, type Http2Bindings, type HttpBindings } from '@hono/node-server';

/** How long a client may be silent, in milliseconds. */
export interface PatienceLimits {
  /** From the beginning of a connection, or of a request, to the end of the request's headers. */
  headers: number;
  /** Without a byte of a body that it has begun to send, or of a response that it does not read. */
  body: number;
  /** Between two requests. */
  keepAlive: number;
}

export const defaultPatience: PatienceLimits = { headers: 20_000, body: 60_000, keepAlive: 60_000 };

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
}

type Answer = (request: Request, connection: HttpBindings | Http2Bindings) => Response | Promise<Response>;

/**
 * A server that closes connections that are silent where the client has to act. It sets no limit to how long a request takes:
 * a large upload takes long, and so do an extract and a fault that stalls.
 */
export function patientServer(answer: Answer, limits: PatienceLimits): Server {
  const listener = getRequestListener(answer, { overrideGlobalObjects: false });
  const server = createServer(
    {
      requestTimeout: 0,
      // with a `requestTimeout` of 0, Node would take 0 for this as well (https://github.com/nodejs/node/issues/33440)
      headersTimeout: limits.headers,
      connectionsCheckingInterval: Math.min(5_000, limits.headers),
      keepAliveTimeout: limits.keepAlive,
    },
    listener,
  );
  server.timeout = limits.body; // of silence in both directions
  const exchanges = new WeakMap<Socket, Exchange>();
  server.on('request', (request, response) => exchanges.set(request.socket, { request, response }));
  server.on('timeout', (socket: Socket) => {
    const exchange = exchanges.get(socket);
    if (!exchange || !isOurTurn(exchange, socket)) socket.destroy();
  });
  return server;
}

/** Whether the client has sent, and has taken, all that there was, so that the sandbox is the one who is silent. */
function isOurTurn({ request, response }: Exchange, socket: Socket): boolean {
  const hasSent = request.complete || request.readableLength > 0; // what waits here has not been read by the sandbox
  return hasSent && !response.writableEnded && socket.writableLength === 0;
}
