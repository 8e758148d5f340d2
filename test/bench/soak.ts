import { parseArgs } from 'node:util';
import { makePng, quarters } from '../fixtures/make-image.ts';
import { mebibytes, sandboxOperations } from './operations.ts';
import { startServer } from './servers.ts';

/**
 * Sends 200,000 requests to a sandbox on disk, including images with thumbnails, rejected requests and unknown names. Its memory must
 * not grow. Run it with `npm run bench:soak`, or for a shorter time with `npm run bench:soak -- --requests 5000`.
 */

const { values } = parseArgs({
  options: { requests: { type: 'string', default: '200000' }, clients: { type: 'string', default: '20' } },
});
const requests = Number(values.requests);
const samples = 10;

const image = new Uint8Array(makePng(64, 48, quarters(64, 48)));
const server = await startServer('sandbox');
const operations = sandboxOperations(server);
const headers = { authorization: `Bearer ${server.token}` };
let sent = 0;
let unexpected = 0;

async function expectStatus(path: string, status: number, init: RequestInit = { headers }): Promise<void> {
  const response = await fetch(`${server.url}${path}`, init);
  await response.arrayBuffer();
  if (response.status !== status) unexpected += 1;
}

/** Sends fifteen requests and leaves no files. */
async function round(number: number): Promise<void> {
  const id = await operations.upload(image, `picture ${number}.png`, 'image/png');
  const file = `/v1/doc/${id}`;
  const changes = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } };
  await operations.account();
  await operations.list();
  await operations.describe(id);
  await operations.update(id);
  await operations.download(id);
  await expectStatus(`${file}/thumb_120.jpg`, 200);
  await expectStatus(`${file}/thumb_320.jpg`, 200);
  await expectStatus(`${file}/unknown-${number}`, 404);
  await expectStatus(`${file}/image.jpg`, 404, {
    headers: { authorization: `Bearer ${server.token}`, 'if-none-match': '*', 'x-doctape-fault': 'status=404' },
  });
  await expectStatus(`/v1/doc/nothing-${number}`, 404);
  await expectStatus(`/s/none-${number}/original`, 404);
  await expectStatus('/v1/account', 401, { headers: { authorization: `Bearer wrong-${number}` } });
  await expectStatus(file, 400, { ...changes, body: '{"tags":' });
  await operations.remove(id);
  sent += 15;
}

const table: Record<string, unknown>[] = [];
async function sample(): Promise<void> {
  const { cpu, rss, heap, external } = await server.usage(true);
  table.push({
    requests: sent,
    'RSS, MiB': mebibytes(rss),
    'heap, MiB': mebibytes(heap),
    'external, MiB': mebibytes(external),
    'CPU time, s': (cpu / 1_000).toFixed(0),
  });
}

try {
  await sample();
  for (let part = 1; part <= samples; part++) {
    const client = async () => {
      while (sent < (requests * part) / samples) await round(sent);
    };
    await Promise.all(Array.from({ length: Number(values.clients) }, client));
    await sample();
  }
  console.table(table);
  console.log(`${unexpected} unexpected responses`);
  if (unexpected > 0) process.exitCode = 1;
} finally {
  await server.stop();
}
