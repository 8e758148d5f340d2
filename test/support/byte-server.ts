import type { Socket } from 'node:net';
import { socketServer } from './scripted-server.js';

/** A parsed request. */
export interface RawRequest {
  path: string;
  headers: Headers;
  /** The number of the request, from 0. */
  number: number;
}

export interface ByteServer {
  url: string;
  requests: RawRequest[];
}

/** A server whose responses are scripted byte by byte. Each request has its own connection. */
export async function byteServer(script: (request: RawRequest, socket: Socket) => void): Promise<ByteServer> {
  const requests: RawRequest[] = [];
  const { url } = await socketServer((socket) => {
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) return;
      const [first = '', ...lines] = text.slice(0, end).split('\r\n');
      text = text.slice(end + 4);
      const headers = new Headers(lines.map((line): [string, string] => splitAt(line, line.indexOf(':'))));
      const request = { path: first.split(' ')[1] ?? '', headers, number: requests.length };
      requests.push(request);
      script(request, socket);
    });
  });
  return { url, requests };
}

function splitAt(line: string, at: number): [string, string] {
  return [line.slice(0, at), line.slice(at + 1).trim()];
}

/** The status line and headers of a response. */
export function head(status: number, headers: Record<string, string | number> = {}): string {
  const lines = Object.entries({ connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Scripted\r\n${lines.join('')}\r\n`;
}

/** The headers of a response that can be resumed. */
export const resumable: Record<string, string> = { 'accept-ranges': 'bytes', etag: '"v1"' };

/** The start of the requested range, or 0. */
export function startOf({ headers }: RawRequest): number {
  return Number(/^bytes=(\d+)-/.exec(headers.get('range') ?? '')?.[1] ?? 0);
}

/** The head of a correct response, to a request with or without a range. */
export function headFor(request: RawRequest, size: number, headers?: Record<string, string | number>): string {
  return head(request.headers.has('range') ? 206 : 200, headersFor(request, size, headers));
}

export function headersFor(
  request: RawRequest,
  size: number,
  headers: Record<string, string | number> = resumable,
): Record<string, string | number> {
  const start = startOf(request);
  const range = request.headers.has('range') && { 'content-range': `bytes ${start}-${size - 1}/${size}` };
  return { 'content-length': size - start, ...range, ...headers };
}

/** Sends bytes and closes the connection, whatever the headers announced. */
export function sendAndClose(socket: Socket, ...pieces: (string | Uint8Array)[]): void {
  for (const piece of pieces) socket.write(piece);
  socket.end();
}

/** Sends bytes and resets the connection. The client may lose bytes that it has not read yet. */
export function sendAndReset(socket: Socket, ...pieces: (string | Uint8Array)[]): void {
  for (const piece of pieces) socket.write(piece);
  setTimeout(() => socket.resetAndDestroy(), 30);
}
