import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, openAsBlob, readFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { ApiClient } from 'doctape-sdk';
import { openFile, saveDownload } from 'doctape-sdk/node';

/**
 * Uploads and downloads a file of 1 GiB with the SDK, plain `fetch` and curl in turns, each in a separate process. Measures throughput
 * and memory growth: first against a server that discards the bytes, so that the client is the bottleneck, then with the SDK against a
 * sandbox on disk. Linux only, because it reads /proc. Run it with `npm run bench:transfer`.
 */

const mebibytes = 1024;
const rounds = 3;
const token = 'token-0123456789-abcdef';

type ClientName = 'fetch' | 'sdk' | 'curl';
type Direction = 'up' | 'down';

interface Job {
  client: ClientName;
  direction: Direction;
  baseUrl: string;
  token: string;
  /** The file to upload, or the prefix of the file to write. */
  path: string;
  id: string;
}

interface Result {
  id: string;
  seconds: number;
  /** The growth of the RSS in MiB. */
  growth: number;
}

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

/** The RSS of a process in MiB. */
function resident(pid: number | 'self'): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // the process has ended
  }
}

/** Samples the RSS of a process. The returned function returns its peak growth. */
function sampleGrowth(pid: number | 'self'): () => number {
  const before = resident(pid);
  let most = before;
  const sampler = setInterval(() => {
    most = Math.max(most, resident(pid));
  }, 20);
  return () => {
    clearInterval(sampler);
    return most - before;
  };
}

/** Runs a job in this process. */
async function run({ client, direction, baseUrl, token, path, id }: Job): Promise<Result> {
  const api = new ApiClient({ token, baseUrl });
  await api.account.get(); // the first call loads what every call needs
  const growth = sampleGrowth('self');
  const start = performance.now();
  const made = await { sdkup, sdkdown, fetchup, fetchdown }[`${client as 'sdk' | 'fetch'}${direction}`]();
  return { id: made, seconds: (performance.now() - start) / 1000, growth: growth() };

  async function sdkup(): Promise<string> {
    return (await api.files.upload(await openFile(path), { name: 'large.bin' })).id;
  }

  async function fetchup(): Promise<string> {
    const body = new FormData();
    body.append('file', await openAsBlob(path), 'large.bin');
    const headers = { authorization: `Bearer ${token}` };
    const { result } = await (await fetch(`${baseUrl}/doc/upload`, { method: 'POST', body, headers })).json();
    return Object.keys(result)[0] ?? '';
  }

  async function sdkdown(): Promise<string> {
    await saveDownload(api, id, `${path}.down`);
    return id;
  }

  async function fetchdown(): Promise<string> {
    const { body } = await fetch(api.files.url(id));
    if (body) await pipeline(body, createWriteStream(`${path}.down`));
    return id;
  }
}

async function inProcess(job: Job): Promise<Result> {
  if (job.client === 'curl') return byCurl(job);
  const child = fork(fileURLToPath(import.meta.url), [JSON.stringify(job)]);
  const [result] = await once(child, 'message');
  return result;
}

async function byCurl({ direction, baseUrl, token, path, id }: Job): Promise<Result> {
  const header = ['--silent', '--fail', '--header', `Authorization: Bearer ${token}`];
  const flags = {
    up: ['--form', `file=@${path};filename=large.bin`, `${baseUrl}/doc/upload`, '--output', '/dev/null'],
    down: [`${baseUrl}/doc/${id}/original`, '--output', `${path}.down`],
  }[direction];
  const start = performance.now();
  const curl = spawn('curl', [...header, ...flags], { stdio: 'ignore' });
  await once(curl, 'spawn');
  const growth = sampleGrowth(curl.pid ?? 0);
  const [code] = await once(curl, 'exit');
  if (code !== 0) throw new Error(`curl exited with ${code}`);
  return { id, seconds: (performance.now() - start) / 1000, growth: growth() };
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function table(path: string, baseUrl: string): Promise<void> {
  const rows: Record<string, Record<string, string>> = {};
  for (const direction of ['up', 'down'] as const) {
    const results: Record<ClientName, Result[]> = { fetch: [], sdk: [], curl: [] };
    for (let round = 0; round <= rounds; round++) {
      for (const client of ['fetch', 'sdk', 'curl'] as const) {
        const result = await inProcess({ client, direction, baseUrl, token, path, id: 'a' });
        if (round > 0) results[client].push(result); // the first warms up the disk and the server
        await rm(`${path}.down`, { force: true });
      }
    }
    const rateOf = (client: ClientName) => mebibytes / median(results[client].map(({ seconds }) => seconds));
    for (const client of ['fetch', 'sdk', 'curl'] as const) {
      rows[`${client} ${direction}`] = {
        'MiB/s': rateOf(client).toFixed(0),
        'relative to fetch': (rateOf(client) / rateOf('fetch')).toFixed(2),
        'RSS growth, MiB': median(results[client].map(({ growth }) => growth)).toFixed(0),
      };
    }
  }
  console.log(`\nwith a server that discards the bytes, medians of ${rounds} rounds:`);
  console.table(rows);
}

async function sandboxTable(path: string, folder: string): Promise<void> {
  const flags = ['sandbox', '--port', '0', '--json', '--auto-approve', 'alice', '--data', join(folder, 'data')];
  const sandbox = spawn(process.execPath, ['dist/cli.js', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = await once(sandbox.stdout, 'data');
    const { authorizationEndpoint, apiBaseUrl: baseUrl, apps } = JSON.parse(String(line));
    const query = new URLSearchParams({
      response_type: 'token',
      client_id: apps.find(({ type }: { type: string }) => type === 'client').clientId,
      redirect_uri: 'http://localhost/',
      scope: 'account docs upload',
    });
    const redirect = await fetch(`${authorizationEndpoint}?${query}`, { redirect: 'manual' });
    const fragment = new URL(redirect.headers.get('location') ?? '').hash.slice(1);
    const job = {
      client: 'sdk',
      baseUrl,
      token: new URLSearchParams(fragment).get('access_token') ?? '',
      path,
    } as const;
    const rows: Record<string, Record<string, string>> = {};
    let id = '';
    for (const direction of ['up', 'down'] as const) {
      const sandboxGrowth = sampleGrowth(sandbox.pid ?? 0);
      const result = await inProcess({ ...job, direction, id });
      id = result.id;
      rows[`sdk ${direction}`] = {
        'MiB/s': (mebibytes / result.seconds).toFixed(0),
        'RSS growth, MiB': result.growth.toFixed(0),
        'RSS growth of the sandbox, MiB': sandboxGrowth().toFixed(0),
      };
    }
    console.log('\nwith a sandbox on disk:');
    console.table(rows);
  } finally {
    await stop(sandbox);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-bench-'));
  const server = fork(fileURLToPath(import.meta.url), ['serve']);
  try {
    const path = join(folder, 'large.bin');
    const file = await open(path, 'w');
    const block = Buffer.alloc(1024 * 1024, 'doctape');
    for (let mebibyte = 0; mebibyte < mebibytes; mebibyte++) await file.appendFile(block);
    await file.close();
    const [port] = await once(server, 'message');
    await table(path, `http://127.0.0.1:${port}/v1`);
    await sandboxTable(path, folder);
  } finally {
    server.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

const argument = process.argv[2];
if (argument === undefined) await main();
else if (argument === 'serve') serve();
else {
  process.send?.(await run(JSON.parse(argument)));
  process.disconnect();
}
