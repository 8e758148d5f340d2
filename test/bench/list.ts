import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ApiClient } from 'doctape-sdk';

/**
 * Measures a list of 100,000 files: `list()` and `response.json()` in turns, and the time and memory of `iterate()`.
 * Run it with `npm run bench:list`.
 */

const count = 100_000;
const rounds = 7;

function listBody(): Buffer {
  const files = Array.from({ length: count }, (_, index) => {
    const id = `2224c539-e5d6-425a-8e0d-${String(index).padStart(12, '0')}`;
    const file = {
      id,
      public_url: null,
      name: `photo ${index}`,
      extension: 'jpg',
      size: 730_782 + index,
      time_added: 1_358_457_759 + index,
      media_type: 'image',
      tags: ['holiday', '#party'],
      origin: 'webupload',
      starred: false,
      shared: 0,
      processing_status: 'ok',
      meta: {},
    };
    return `${JSON.stringify(id)}:${JSON.stringify(file)}`;
  });
  return Buffer.from(`{"error":null,"result":{${files.join(',')}}}`);
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Runs in a separate process, so that other measurements do not add to the heap. */
async function measureIterate(url: string): Promise<void> {
  const api = new ApiClient({ token: 'bench', baseUrl: `${url}/v1` });
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let received = 0;
  let first: { ms: number; bytes: number } | undefined;
  let peak = 0;
  let files = 0;
  const counting = new ApiClient({
    token: 'bench',
    baseUrl: `${url}/v1`,
    async fetch(input, init) {
      const response = await fetch(input, init);
      const counted = response.body?.pipeThrough(
        new TransformStream({
          transform(chunk: Uint8Array, controller) {
            received += chunk.byteLength;
            controller.enqueue(chunk);
          },
        }),
      );
      return new Response(counted, response);
    },
  });
  const start = performance.now();
  for await (const _ of counting.files.iterate()) {
    first ??= { ms: performance.now() - start, bytes: received };
    if (++files % 5_000 === 0) {
      globalThis.gc?.(); // so that garbage does not count
      peak = Math.max(peak, process.memoryUsage().heapUsed - before);
    }
  }
  const total = await timed(async () => {
    for await (const _ of api.files.iterate());
  });
  console.log(JSON.stringify({ files, first, peak, total, received }));
}

async function main(): Promise<void> {
  const body = listBody();
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.byteLength }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const api = new ApiClient({ token: 'bench', baseUrl: `${url}/v1` });

  const plain: number[] = [];
  const listed: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    const a = await timed(async () => (await fetch(`${url}/v1/doc`)).json());
    const b = await timed(() => api.files.list());
    if (round > 0) {
      plain.push(a); // the first round warms up
      listed.push(b);
    }
  }
  const script = fileURLToPath(import.meta.url);
  const child = spawn(process.execPath, ['--expose-gc', script, url], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  const { files, first, peak, total } = JSON.parse(output);
  server.close();
  server.closeAllConnections();

  const ratios = listed.map((value, index) => value / (plain[index] ?? Number.NaN));
  console.table({
    'response.json()': { 'median ms': median(plain).toFixed(0), ratio: '1.00' },
    'files.list()': { 'median ms': median(listed).toFixed(0), ratio: median(ratios).toFixed(2) },
    'files.iterate()': { 'median ms': total.toFixed(0), ratio: (total / median(plain)).toFixed(2) },
  });
  console.table({
    files,
    'time to first file, ms': first.ms.toFixed(1),
    'first file, % of the body': ((100 * first.bytes) / body.byteLength).toFixed(2),
    'peak heap, MiB': (peak / 1024 / 1024).toFixed(1),
  });
}

const url = process.argv[2];
await (url === undefined ? main() : measureIterate(url));
