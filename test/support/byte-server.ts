import type { Socket } from 'node:net';
import { socketServer } from './scripted-server.js';

/** A request as it stood on the wire. */
export interface RawRequest {
  path: string;
  headers: Headers;
  /** From 0. */
  number: number;
}

export interface ByteServer {
  url: string;
  requests: RawRequest[];
}

/** A server of which every byte and every ending is scripted. Each answer has a connection of its own. */
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

/** The head of an answer, ready to be followed by bytes. */
export function head(status: number, headers: Record<string, string | number> = {}): string {
  const lines = Object.entries({ connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} Scripted\r\n${lines.join('')}\r\n`;
}

/** What a server says that can be asked for the rest. */
export const resumable: Record<string, string> = { 'accept-ranges': 'bytes', etag: '"v1"' };

/** Where the range begins that was asked for; 0 without one. */
export function startOf({ headers }: RawRequest): number {
  return Number(/^bytes=(\d+)-/.exec(headers.get('range') ?? '')?.[1] ?? 0);
}

/** The head of a right answer, whole or from where it was asked for. */
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

/** Sends bytes and closes, whatever was announced. */
export function sendAndClose(socket: Socket, ...pieces: (string | Uint8Array)[]): void {
  for (const piece of pieces) socket.write(piece);
  socket.end();
}

/** Sends bytes and resets the connection, which may overtake what has not been read yet. */
export function sendAndReset(socket: Socket, ...pieces: (string | Uint8Array)[]): void {
  for (const piece of pieces) socket.write(piece);
  setTimeout(() => socket.resetAndDestroy(), 30);
}
