import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { inRepository } from './paths.js';

/**
 * Starts an https server with a self-signed certificate, which forwards requests to another server. It is closed at the end of the
 * test.
 * @param base the URL of the other server, such as `http://127.0.0.1:4400/v1`. The path stays the same
 * @returns its origin
 */
export async function secureServer(base: string): Promise<string> {
  const [key, cert] = ['key', 'certificate'].map((name) => readFileSync(inRepository(`test/fixtures/tls/${name}.pem`)));
  const server = createServer({ key, cert }, (incoming, outgoing) => {
    const { method, headers } = incoming;
    const forwarded = request(new URL(incoming.url ?? '', base), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => outgoing.destroy());
    incoming.pipe(forwarded);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
