import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import mime from 'mime';
import { type ApiClient, contentDisposition, DoctapeError, type FileInfo, fileName } from '../../index.js';
import { reportError } from '../core/errors.js';

/**
 * Serves one file on this machine, at a URL that cannot be guessed. The browser gets no token, and runs no script of the file.
 * @returns the URL, and a promise that rejects when the signal aborts
 */
export async function serveFile(
  api: ApiClient,
  file: FileInfo,
  signal: AbortSignal,
): Promise<{ url: string; ended: Promise<never> }> {
  const path = `/${randomBytes(16).toString('hex')}/${encodeURIComponent(fileName(file))}`;
  const server = createServer((request, response) => {
    if (request.url !== path || !/^(GET|HEAD)$/.test(request.method ?? '')) {
      response.writeHead(404).end();
    } else void send(api, file, { head: request.method === 'HEAD', response, signal });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const ended = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => {
      server.close();
      server.closeAllConnections();
      reject(signal.reason);
    });
  });
  ended.catch(() => {}); // the caller may still open the browser
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}${path}`, ended };
}

interface Sending {
  head: boolean;
  response: ServerResponse;
  signal: AbortSignal;
}

async function send(api: ApiClient, file: FileInfo, { head, response, signal }: Sending): Promise<void> {
  try {
    const { body } = await api.files.download(file.id, 'original', { signal });
    response.writeHead(200, {
      'content-type': mime.getType(fileName(file)) ?? 'application/octet-stream',
      'content-length': file.size,
      'content-disposition': contentDisposition(file, 'inline'),
      'content-security-policy': 'sandbox',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
    if (head || !body) {
      await body?.cancel();
      response.end();
    } else await pipeline(Readable.from(body, { objectMode: false }), response);
  } catch (error) {
    if (signal.aborted) return;
    if (error instanceof DoctapeError) reportError(error, fileName(file));
    if (response.headersSent)
      response.destroy(); // the browser has gone, or must not take this for the whole file
    else response.writeHead(502).end('The file could not be downloaded.');
  }
}
