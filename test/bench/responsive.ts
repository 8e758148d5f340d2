import { randomUUID } from 'node:crypto';
import { makeProgressiveJpeg } from '../fixtures/make-progressive-jpeg.ts';
import { makeZip } from '../fixtures/make-zip.ts';
import { mebibytes, quantile, sandboxOperations } from './operations.ts';
import { startServer } from './servers.ts';

/**
 * Measures how long other clients wait while a sandbox processes an expensive file, and the CPU time of that work. Run it with
 * `npm run bench:responsive`.
 */

const server = await startServer('sandbox');
const operations = sandboxOperations(server);
const headers = { authorization: `Bearer ${server.token}` };

/** Measures some work, and the response times of pings meanwhile. Without pings, the CPU time is that of the work alone. */
async function measure(work: () => Promise<unknown>, isPinged = true) {
  const times: number[] = [];
  const before = await server.usage(true);
  let peak = before.rss;
  let isDone = false;
  const start = performance.now();
  const done = work().finally(() => {
    isDone = true;
  });
  while (isPinged && !isDone) {
    const pinged = performance.now();
    await operations.account();
    times.push(performance.now() - pinged);
    peak = Math.max(peak, (await server.usage()).rss);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await done;
  const { cpu } = await server.usage();
  const milliseconds = (fraction: number) => (isPinged ? quantile(times, fraction).toFixed(1) : '');
  return {
    'time, ms': Math.round(performance.now() - start),
    'CPU time, ms': Math.round(cpu - before.cpu),
    pings: times.length,
    'median ping, ms': milliseconds(0.5),
    'p99 ping, ms': milliseconds(0.99),
    'peak RSS growth, MiB': mebibytes(peak - before.rss),
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

  const image = new Uint8Array(makeProgressiveJpeg(4_000, 3_000));
  const id = await operations.upload(image, 'picture.jpg', 'image/jpeg');
  table['both thumbnails of a 12 MP progressive JPEG'] = await measure(() =>
    Promise.all([get(`${id}/thumb_120.jpg`), get(`${id}/thumb_320.jpg`)]),
  );

  const many = makeZip(Array.from({ length: 60_000 }, (_, index) => ({ name: `file ${index}` })));
  table['upload of a zip with 60,000 entries'] = await measure(() =>
    operations.upload(new Uint8Array(many), 'many.zip', 'application/zip'),
  );

  const entries = Array.from({ length: 1_003 }, (_, index) => ({
    name: `folder/${index}.txt`,
    content: Buffer.from(`${randomUUID()}\n`.repeat(20)),
  }));
  const zip = await operations.upload(new Uint8Array(makeZip(entries)), 'files.zip', 'application/zip');
  const extract = () => fetch(`${server.url}/v1/doc/${zip}/extract`, { method: 'POST', headers }).then((r) => r.text());
  table['extract of 1,003 small files, without pings'] = await measure(extract, false);
  table['extract of 1,003 small files'] = await measure(extract);

  console.table(table);
} finally {
  await server.stop();
}
