import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { type AddressInfo, createServer as createSocketServer, type Server, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, onTestFinished } from 'vitest';
import { ApiClient, type ApiClientOptions } from '../../src/index.js';
import { type ServedSandbox, type ServeOptions, serveSandbox } from '../../src/serve.js';

/** A request that the server received. */
export interface ReceivedRequest {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
}

export interface ScriptedServer {
  /** Such as `http://127.0.0.1:40123`. */
  url: string;
  requests: ReceivedRequest[];
}

export type Script = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** Starts a server with a script. It is closed at the end of the test. */
export async function scriptedServer(script: Script): Promise<ScriptedServer> {
  const requests: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, url, headers });
    request.on('error', () => {}); // clients may close the connection
    response.on('error', () => {});
    void Promise.resolve(script(request, response)).catch(() => response.destroy());
  });
  server.requestTimeout = 0;
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return { url: await listen(server), requests };
}

/** The same for TCP. */
export async function socketServer(script: (socket: Socket) => void): Promise<{ url: string }> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    script(socket);
  });
  onTestFinished(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return { url: await listen(server) };
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}

/** Serves a sandbox on a free port. It is closed at the end of the test. */
export async function servedForTest(options: ServeOptions = {}): Promise<ServedSandbox> {
  const server = await serveSandbox({ port: 0, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** Sends a response with JSON, or with a text as it is. */
export function reply(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: OutgoingHttpHeaders = { 'content-type': 'application/json' },
): void {
  response.writeHead(status, headers);
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A URL at which nothing listens. `fetch` rejects some ports, such as 1 and 9, without trying to connect. */
export const unreachable = 'http://127.0.0.1:2';

export const accessToken = 'token-0123456789-abcdef';

/** A client without retries. */
export function apiAt(url: string, options: Partial<ApiClientOptions> = {}): ApiClient {
  return new ApiClient({ token: accessToken, baseUrl: `${url}/v1`, retry: false, ...options });
}

/** The error that a promise rejects with, which must be of this class. */
export async function rejection<E>(promise: Promise<unknown>, type: abstract new (...args: never[]) => E): Promise<E> {
  const reason = await reasonOf(promise);
  if (!(reason instanceof type)) expect(reason).toBeInstanceOf(type);
  return reason as E;
}

/** The reason that a promise rejects with. */
export function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('the promise did not reject');
    },
    (reason: unknown) => reason,
  );
}

/** The error that a function throws, which must be of this class. */
export function thrown<E>(action: () => unknown, type: abstract new (...args: never[]) => E): E {
  try {
    action();
  } catch (error) {
    if (!(error instanceof type)) expect(error).toBeInstanceOf(type);
    return error as E;
  }
  throw new Error('the function did not throw');
}

/** Waits long enough to see that an event does not happen. */
export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The number of these objects that are not garbage. */
export async function countReachable(objects: readonly WeakRef<object>[]): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect !== 'function') throw new Error('this runtime cannot collect garbage on demand');
  for (let i = 0; i < 3; i++) {
    await wait(50);
    collect();
  }
  return objects.filter((reference) => reference.deref() !== undefined).length;
}
