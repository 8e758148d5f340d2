import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { inRepository } from './places.js';

/**
 * A server behind a certificate that nobody knows, which passes on to another one. Closed when the test is over.
 * @param base such as `http://127.0.0.1:4400/v1`, which it has under the same path
 * @returns its origin
 */
export async function secureServer(base: string): Promise<string> {
  const [key, cert] = ['key', 'certificate'].map((name) => readFileSync(inRepository(`test/fixtures/tls/${name}.pem`)));
  const server = createServer({ key, cert }, (incoming, outgoing) => {
    const { method, headers } = incoming;
    const onward = request(new URL(incoming.url ?? '', base), { method, headers }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
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
