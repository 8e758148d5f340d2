import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, expect, it, vi } from 'vitest';
import type { ServedSandbox } from '../../../src/serve.js';
import { served, tokenFor } from '../../support/sandbox.js';

let sandbox: ServedSandbox;
let token: string;

beforeAll(async () => {
  sandbox = await served();
  token = (await tokenFor(sandbox.sandbox, 'alice', undefined, sandbox.url)).access_token;
});

const host = 'Host: 127.0.0.1\r\n';
const form = 'Content-Type: multipart/form-data; boundary=x\r\n';

/** 1.5 MiB in 1.5 seconds, as on a slow network. */
const pieces = 24;
const piece = Buffer.alloc(64 * 1024, 'z');
const pause = 60;

/**
 * Sends a request as clients do that send all of the body before they read the response, such as `http.client` of Python. Then sends a
 * second request on the same connection, unless it has asked the server to close it.
 * @returns the statuses of the responses
 */
async function sendAll(method: string, path: string, headers: string, isChunked: boolean): Promise<string[]> {
  const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1');
  try {
    await once(socket, 'connect');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    const failed = once(socket, 'close').then(() => {
      throw new Error(`the connection was closed after ${text.slice(0, 12)}`);
    });
    failed.catch(() => {});
    const length = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${pieces * piece.length}`;
    socket.write(`${method} ${path} HTTP/1.1\r\n${headers}${headers.includes('Host') ? '' : host}${length}\r\n\r\n`);
    for (let sent = 0; sent < pieces; sent++) {
      if (isChunked) socket.write(`${piece.length.toString(16)}\r\n`);
      socket.write(piece);
      if (isChunked) socket.write('\r\n');
      if (sent < pieces - 1) await Promise.race([delay(pause), failed]);
    }
    if (isChunked) socket.write('0\r\n\r\n');
    const closes = headers.includes('Connection: close');
    if (!closes) socket.write(`GET /nothing HTTP/1.1\r\n${host}\r\n`);
    const statuses = () => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status ?? '');
    if (closes) await failed.catch(() => {});
    else await Promise.race([vi.waitUntil(() => statuses().length === 2, { timeout: 60_000 }), failed]);
    return statuses();
  } finally {
    socket.destroy();
  }
}

it.concurrent.each([true, false])(
  'a body can be sent to its end by a client that asks to close the connection (chunked: %s)',
  async (isChunked) => {
    const statuses = await sendAll('POST', '/v1/doc/upload', `${form}Connection: close\r\n`, isChunked);
    expect(statuses).toEqual(['401']);
  },
);

it.concurrent.each([
  ['without a token', 401, 'POST', '/v1/doc/upload', () => form],
  ['to an unknown route', 404, 'POST', '/nothing', () => ''],
  ['with another method', 404, 'PUT', '/v1/doc/upload', () => `${form}Authorization: Bearer ${token}\r\n`],
  ['that is not a form', 400, 'POST', '/v1/doc/upload', () => `Authorization: Bearer ${token}\r\n`],
  ['with too much JSON', 413, 'POST', '/v1/doc/any', () => `Authorization: Bearer ${token}\r\n`],
  ['with too large a form', 413, 'POST', '/oauth2/token', () => ''],
  ['for a deletion', 404, 'DELETE', '/v1/doc/any', () => `Authorization: Bearer ${token}\r\n`],
  ['with a fault', 503, 'POST', '/v1/doc/upload', () => 'X-Doctape-Fault: status=503\r\n'],
  ['with a late fault', 503, 'POST', '/v1/doc/upload', () => 'X-Doctape-Fault: status=503,latency=100\r\n'],
  ['to another host', 421, 'POST', '/start/reset', () => 'Host: other.example\r\n'],
])(
  'a body %s can be sent to its end, and the connection can be used again',
  async (_what, status, method, path, headers) => {
    for (const statuses of await Promise.all([
      sendAll(method, path, headers(), false),
      sendAll(method, path, headers(), true),
    ])) {
      expect(statuses).toEqual([String(status), '404']);
    }
  },
);
