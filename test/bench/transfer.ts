import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, openAsBlob, readFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { ApiClient } from 'doctape-sdk';

/**
 * 1 GiB up to a sandbox on disk and down again, by the SDK and by plain `fetch` in turns, each in a process of its own:
 * throughput, and how much the memory of both processes grew. Linux only, because it reads /proc. Run it with
 * `npm run bench:transfer`.
 */

const mebibytes = 1024;

type Work = 'sdk up' | 'fetch up' | 'sdk down' | 'fetch down';

interface Job {
  work: Work;
  baseUrl: string;
  token: string;
  file: string;
  id?: string;
  serverPid: number;
}

interface Result {
  id: string;
  rate: number;
  client: number;
  server: number;
}

/** Resident memory in MiB. */
function resident(pid: number | 'self'): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

async function run({ work, baseUrl, token, file, id = '', serverPid }: Job): Promise<Result> {
  const api = new ApiClient({ token, baseUrl });
  await api.account.get(); // the first call loads what every call needs
  const before = { client: resident('self'), server: resident(serverPid) };
  const most = { ...before };
  const sampler = setInterval(() => {
    most.client = Math.max(most.client, resident('self'));
    most.server = Math.max(most.server, resident(serverPid));
  }, 20);
  const start = performance.now();
  const made = await { 'sdk up': sdkUp, 'fetch up': fetchUp, 'sdk down': sdkDown, 'fetch down': fetchDown }[work]();
  const seconds = (performance.now() - start) / 1000;
  clearInterval(sampler);
  return {
    id: made,
    rate: mebibytes / seconds,
    client: most.client - before.client,
    server: most.server - before.server,
  };

  async function sdkUp(): Promise<string> {
    return (await api.files.upload(await openAsBlob(file), { name: 'large.bin' })).id;
  }

  async function fetchUp(): Promise<string> {
    const body = new FormData();
    body.append('file', await openAsBlob(file), 'large.bin');
    const headers = { authorization: `Bearer ${token}` };
    const { result } = await (await fetch(`${baseUrl}/doc/upload`, { method: 'POST', body, headers })).json();
    return Object.keys(result)[0] ?? '';
  }

  async function sdkDown(): Promise<string> {
    await save(await api.files.download(id));
    return id;
  }

  async function fetchDown(): Promise<string> {
    await save(await fetch(api.files.url(id)));
    return id;
  }

  async function save({ body }: Response): Promise<void> {
    if (body) await pipeline(body, createWriteStream(`${file}.down`));
  }
}

async function inProcess(job: Job): Promise<Result> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  return JSON.parse(output);
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-bench-'));
  const flags = ['sandbox', '--port', '0', '--json', '--auto-approve', 'alice', '--data', join(folder, 'data')];
  const server = spawn(process.execPath, ['dist/cli.js', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const line = await new Promise<string>((resolve) => server.stdout.once('data', (chunk) => resolve(String(chunk))));
    const { authorizationEndpoint, apiBaseUrl: baseUrl, apps } = JSON.parse(line);
    const query = new URLSearchParams({
      response_type: 'token',
      client_id: apps.find(({ type }: { type: string }) => type === 'client').clientId,
      redirect_uri: 'http://localhost/',
      scope: 'account docs upload',
    });
    const redirect = await fetch(`${authorizationEndpoint}?${query}`, { redirect: 'manual' });
    const fragment = new URL(redirect.headers.get('location') ?? '').hash.slice(1);
    const token = new URLSearchParams(fragment).get('access_token') ?? '';

    const path = join(folder, 'large.bin');
    const file = await open(path, 'w');
    for (let mebibyte = 0; mebibyte < mebibytes; mebibyte++) await file.appendFile(randomBytes(1024 * 1024));
    await file.close();

    const job = { baseUrl, token, file: path, serverPid: server.pid ?? 0 };
    const api = new ApiClient({ token, baseUrl });
    const table: Record<string, Record<string, string>> = {};
    const note = (work: string, { rate, client, server: served }: Result) => {
      table[work] = {
        'MiB/s': rate.toFixed(0),
        'client grew, MiB': client.toFixed(0),
        'sandbox grew, MiB': served.toFixed(0),
      };
    };
    await inProcess({ ...job, work: 'sdk up' }).then(({ id }) => api.files.delete(id)); // warms up the disk and the server
    for (const who of ['fetch', 'sdk'] as const) {
      const up = await inProcess({ ...job, work: `${who} up` });
      note(`${who} up`, up);
      note(`${who} down`, await inProcess({ ...job, work: `${who} down`, id: up.id }));
      await api.files.delete(up.id);
    }
    console.table(table);
  } finally {
    server.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

const job = process.argv[2];
if (job === undefined) await main();
else console.log(JSON.stringify(await run(JSON.parse(job))));
