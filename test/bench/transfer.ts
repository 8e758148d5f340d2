import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { quantile } from './operations.ts';
import { childrenTime, measureOtherLoad } from './other-load.ts';
import { sampleGrowth } from './resident.ts';
import type { ClientName, Job, Result } from './transfer-job.ts';

/**
 * Uploads and downloads a file of 1 GiB with the SDK, `node:http`, plain `fetch` and curl in turns, each in a separate process, from
 * and to a server that discards the bytes, so that the client is the bottleneck. Measures throughput, CPU time and memory growth.
 *
 * The baseline is the fastest that Node.js can do without a library: `node:http` with a framed upload, and with a download whose
 * chunks are written in batches. It runs twice in each round: the second run, the control, shows how much of a difference is noise.
 * Like the SDK, `node:http` with fsync waits until the disk has the file. With `TMPDIR=/dev/shm` the file is in memory.
 * Linux only, because it reads /proc. Run it with `npm run bench:transfer`, or for a smaller file with
 * `npm run bench:transfer -- --mebibytes 256 --rounds 3`.
 */

const { values, positionals } = parseArgs({
  options: {
    mebibytes: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
    clients: { type: 'string', default: 'http,sdk,http synced,fetch,curl,http again' },
    directions: { type: 'string', default: 'up,down' },
  },
  allowPositionals: true,
});
const mebibytes = Number(values.mebibytes);
const rounds = Number(values.rounds);
const clients = values.clients.split(',') as ClientName[];
const token = 'token-0123456789-abcdef';

const labels: Record<ClientName, Record<Job['direction'], string>> = {
  http: { up: 'node:http, framed', down: 'node:http, batched writev' },
  'http synced': { up: 'node:http, framed', down: 'node:http, batched writev, then fsync' },
  'http again': { up: 'control: node:http again', down: 'control: node:http again' },
  fetch: { up: 'fetch, FormData, openAsBlob', down: 'fetch, pipeline, createWriteStream' },
  sdk: { up: 'files.upload(openFile(path))', down: 'saveDownload(path)' },
  curl: { up: 'curl', down: 'curl' },
};

/** A server that discards uploads, and sends a download of constant bytes. */
function serve(): void {
  const chunk = Buffer.alloc(256 * 1024, 7);
  const size = mebibytes * 1024 * 1024;
  const answer = JSON.stringify({ error: null, result: { a: { id: 'a', name: 'large.bin', size } } });
  const server = createServer((request, response) => {
    if (request.method === 'POST') {
      request.resume();
      request.on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end(answer));
      return;
    }
    if (!request.url?.includes('/original')) {
      const account = { username: 'a', quota: 1, quota_used: 0, quota_free: 1 };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ result: account }));
      return;
    }
    response.writeHead(200, { 'content-length': size, 'accept-ranges': 'bytes', etag: '"1"' });
    let left = size;
    const send = () => {
      while (left > 0) {
        left -= chunk.length;
        if (!response.write(chunk)) return;
      }
      response.end();
    };
    response.on('drain', send);
    send();
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
}

async function inProcess(job: Job): Promise<Result> {
  if (job.client === 'curl') return byCurl(job);
  const child = fork(fileURLToPath(new URL('./transfer-job.ts', import.meta.url)), [JSON.stringify(job)]);
  const [result] = await once(child, 'message');
  await ended(child);
  return result;
}

async function byCurl({ direction, baseUrl, token, path, id }: Job): Promise<Result> {
  const header = ['--silent', '--fail', '--header', `Authorization: Bearer ${token}`];
  const flags = {
    up: ['--form', `file=@${path};filename=large.bin`, `${baseUrl}/doc/upload`, '--output', '/dev/null'],
    down: [`${baseUrl}/doc/${id}/original`, '--output', `${path}.down`],
  }[direction];
  const before = childrenTime();
  const start = performance.now();
  const curl = spawn('curl', [...header, ...flags], { stdio: 'ignore' });
  await once(curl, 'spawn');
  const growth = sampleGrowth(curl.pid ?? 0);
  const code = await ended(curl);
  if (code !== 0) throw new Error(`curl exited with ${code}`);
  return { id, seconds: (performance.now() - start) / 1000, cpu: childrenTime() - before, growth: growth() };
}

async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** A run with the share of a processor that other programs used meanwhile. */
type Run = Result & { others: number };

const median = (values: number[]): number => quantile(values, 0.5);

async function table(direction: Job['direction'], path: string, baseUrl: string): Promise<void> {
  const compared = clients.filter((client) => client !== 'http synced' || direction === 'down');
  const runs = new Map(compared.map((client): [ClientName, Run[]] => [client, []]));
  let noisy = 0;
  for (let round = 0; round <= rounds; round++) {
    for (const client of compared) {
      const load = measureOtherLoad();
      const result = await inProcess({ client, direction, baseUrl, token, path, id: 'a' });
      const { share, isNoisy } = load();
      await rm(`${path}.down`, { force: true });
      if (round === 0) continue; // warms up the disk and the server
      runs.get(client)?.push({ ...result, others: share });
      if (isNoisy) noisy += 1;
    }
  }
  const baseline = runs.get('http') ?? [];
  /** The median over the rounds of a value against the one of the baseline in the same round. */
  const against = (of: Run[], value: (run: Run) => number) =>
    median(of.map((run, round) => value(run) / value(baseline[round] ?? run))).toFixed(2);
  const rows: Record<string, Record<string, string>> = {};
  for (const [client, of] of runs) {
    rows[labels[client][direction]] = {
      'MiB/s': (mebibytes / median(of.map(({ seconds }) => seconds))).toFixed(0),
      'against node:http': against(of, ({ seconds }) => 1 / seconds),
      'CPU time, s': median(of.map(({ cpu }) => cpu)).toFixed(2),
      'CPU against node:http': against(of, ({ cpu }) => cpu),
      'RSS growth, MiB': median(of.map(({ growth }) => growth)).toFixed(0),
      'other programs, % of a CPU': (100 * median(of.map(({ others }) => others))).toFixed(0),
    };
  }
  console.log(`\n${direction}, ${mebibytes} MiB, medians of ${rounds} rounds:`);
  console.table(rows);
  if (noisy > 0) console.log(`NOISY: other programs were busy during ${noisy} of ${rounds * compared.length} runs`);
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-bench-'));
  const server = fork(fileURLToPath(import.meta.url), ['serve', '--mebibytes', values.mebibytes]);
  try {
    const path = join(folder, 'large.bin');
    const file = await open(path, 'w');
    const block = Buffer.alloc(1024 * 1024, 'doctape');
    for (let mebibyte = 0; mebibyte < mebibytes; mebibyte++) await file.appendFile(block);
    await file.close();
    const [port] = await once(server, 'message');
    for (const direction of ['up', 'down'] as const) {
      if (values.directions.includes(direction)) await table(direction, path, `http://127.0.0.1:${port}/v1`);
    }
  } finally {
    server.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

if (positionals[0] === 'serve') serve();
else await main();
