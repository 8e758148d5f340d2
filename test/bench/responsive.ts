import { randomUUID } from 'node:crypto';
import { makeProgressiveJpeg } from '../fixtures/make-progressive-jpeg.ts';
import { makeZip } from '../fixtures/make-zip.ts';
import { mebibytes, quantile, sandboxOperations } from './operations.ts';
import { startServer } from './servers.ts';

/**
 * How long other clients wait while a sandbox is busy with a hard file, and what that costs. Run it with
 * `npm run bench:responsive`.
 */

const server = await startServer('sandbox');
const operations = sandboxOperations(server);
const headers = { authorization: `Bearer ${server.token}` };

/** Pings the sandbox while it works. */
async function during(work: () => Promise<unknown>) {
  const times: number[] = [];
  const before = await server.usage(true);
  let peak = before.rss;
  let isDone = false;
  const start = performance.now();
  const done = work().finally(() => {
    isDone = true;
  });
  while (!isDone) {
    const asked = performance.now();
    await operations.account();
    times.push(performance.now() - asked);
    peak = Math.max(peak, (await server.usage()).rss);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await done;
  const { cpu } = await server.usage();
  return {
    'ms until it was done': Math.round(performance.now() - start),
    'processor time, ms': Math.round(cpu - before.cpu),
    pings: times.length,
    'median ping, ms': quantile(times, 0.5).toFixed(1),
    'p99 ping, ms': quantile(times, 0.99).toFixed(1),
    'MiB more at most': mebibytes(peak - before.rss),
  };
}

async function get(path: string): Promise<void> {
  const response = await fetch(`${server.url}/v1/doc/${path}`, { headers });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
}

try {
  for (let round = 0; round < 300; round++) await operations.account(); // warming up
  const table: Record<string, unknown> = {};

  const picture = new Uint8Array(makeProgressiveJpeg(4_000, 3_000));
  const id = await operations.upload(picture, 'picture.jpg', 'image/jpeg');
  table['both thumbnails of a 12 MP progressive JPEG'] = await during(() =>
    Promise.all([get(`${id}/thumb_120.jpg`), get(`${id}/thumb_320.jpg`)]),
  );

  const many = makeZip(Array.from({ length: 60_000 }, (_, index) => ({ name: `file ${index}` })));
  table['upload of a zip with 60,000 entries'] = await during(() =>
    operations.upload(new Uint8Array(many), 'many.zip', 'application/zip'),
  );

  const entries = Array.from({ length: 1_003 }, (_, index) => ({
    name: `folder/${index}.txt`,
    content: Buffer.from(`${randomUUID()}\n`.repeat(20)),
  }));
  const zip = await operations.upload(new Uint8Array(makeZip(entries)), 'files.zip', 'application/zip');
  const extract = () => fetch(`${server.url}/v1/doc/${zip}/extract`, { method: 'POST', headers }).then((r) => r.text());
  table['extract of 1,003 small files, the first time'] = await during(extract);
  table['extract of 1,003 small files, again'] = await during(extract);

  console.table(table);
} finally {
  await server.stop();
}
