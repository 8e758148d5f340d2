import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { shuffled } from './measure.ts';
import { quantile } from './operations.ts';
import { measureOtherLoad } from './other-load.ts';
import { sampleGrowth } from './resident.ts';
import { type ServerProcess, startServer } from './servers.ts';

/**
 * Measures a sandbox on disk beside a bare Hono server that writes and reads the same files with `fs`: throughput of a large file, and
 * JSON calls. Then the list of 100,000 files, beside the database that it is read from. The baseline runs twice in each round: the
 * second run, the control, shows how much of a difference is noise. Linux only, because it reads /proc. Run it with
 * `npm run bench:sandbox`.
 */

const { values } = parseArgs({
  options: {
    mebibytes: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    files: { type: 'string', default: '100000' },
    only: { type: 'string', default: 'transfers,calls,list' },
  },
});
const mebibytes = Number(values.mebibytes);
const rounds = Number(values.rounds);
const clients = 50;

type Server = ServerProcess & { name: string; kind: 'sandbox' | 'bare' };

const median = (of: number[]): number => quantile(of, 0.5);

/** Runs curl, which uses so little CPU time that the server is the bottleneck. Returns its output. */
async function curl(...flags: string[]): Promise<string> {
  const child = spawn('curl', ['--silent', '--fail', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`curl exited with ${code}`);
  return text;
}

/** Uploads the file. Returns its id. */
async function upload({ kind, url, token }: Server, path: string): Promise<string> {
  const json = { 'content-type': 'application/octet-stream', expect: '' };
  const headers = Object.entries(json).flatMap(([name, value]) => ['--header', `${name}: ${value}`]);
  if (kind === 'bare') return JSON.parse(await curl('--request', 'POST', ...headers, '-T', path, `${url}/files`)).id;
  const form = ['--header', `Authorization: Bearer ${token}`, '--form', `file=@${path}`];
  return Object.keys(JSON.parse(await curl(...form, `${url}/v1/doc/upload`)).result)[0] ?? '';
}

const fileUrl = ({ kind, url }: Server, id: string) => (kind === 'bare' ? `${url}/files/${id}` : `${url}/v1/doc/${id}`);

async function download(server: Server, id: string): Promise<void> {
  const header = ['--header', `Authorization: Bearer ${server.token}`];
  await curl(...header, '--output', '/dev/null', `${fileUrl(server, id)}/original`);
}

interface Run {
  /** Bytes or calls per second. */
  rate: number;
  /** CPU time of the server in seconds. */
  cpu: number;
  /** The same for each byte or call. */
  cpuEach: number;
  /** RSS growth of the server in MiB. */
  growth: number;
}

/** Measures some work of a server. `work` returns how much it was. */
async function measure(server: Server, work: () => Promise<number>): Promise<Run> {
  const growth = sampleGrowth(server.pid);
  const before = await server.usage();
  const start = performance.now();
  const amount = await work();
  const seconds = (performance.now() - start) / 1000;
  const after = await server.usage();
  const cpu = (after.cpu - before.cpu) / 1000;
  return { rate: amount / seconds, cpu, cpuEach: cpu / amount, growth: growth() };
}

/** Runs some work on each server in rounds, each time in another order, and prints the medians beside those of the first server. */
async function compare(title: string, servers: Server[], work: (server: Server) => Promise<Run>, unit: string) {
  const runs = servers.map((): Run[] => []);
  const load = measureOtherLoad();
  for (let round = 0; round <= rounds; round++) {
    for (const [index, server] of shuffled([...servers.entries()])) {
      const run = await work(server);
      if (round > 0) runs[index]?.push(run); // the first warms up
    }
  }
  const { share, isNoisy } = load();
  const against = (of: Run[], value: (run: Run) => number) =>
    median(of.map((run, round) => value(run) / value(runs[0]?.[round] ?? run))).toFixed(2);
  const rows = servers.map(({ name }, index) => {
    const of = runs[index] ?? [];
    return [
      name,
      {
        [unit]: median(of.map(({ rate }) => rate)).toFixed(0),
        'against the bare server': against(of, ({ rate }) => rate),
        'CPU time, s': median(of.map(({ cpu }) => cpu)).toFixed(2),
        'each, against the bare server': against(of, ({ cpuEach }) => cpuEach),
        'RSS growth, MiB': median(of.map(({ growth }) => growth)).toFixed(0),
      },
    ];
  });
  console.log(`\n${title}, medians of ${rounds} rounds:`);
  console.table(Object.fromEntries(rows));
  console.log(`${isNoisy ? 'NOISY: o' : 'O'}ther programs used ${(100 * share).toFixed(0)} % of a CPU`);
}

async function transfers(servers: Server[], path: string): Promise<void> {
  const ids = new Map<Server, string>();
  const up = (server: Server) =>
    measure(server, async () => {
      const earlier = ids.get(server);
      ids.set(server, await upload(server, path));
      if (earlier !== undefined) void remove(server, earlier);
      return mebibytes;
    });
  const down = (server: Server) =>
    measure(server, async () => {
      await download(server, ids.get(server) ?? '');
      return mebibytes;
    });
  await compare(`upload of ${mebibytes} MiB`, servers, up, 'MiB/s');
  await compare(`download of ${mebibytes} MiB`, servers, down, 'MiB/s');
}

async function remove(server: Server, id: string): Promise<void> {
  const headers = { authorization: `Bearer ${server.token}` };
  await (await fetch(fileUrl(server, id), { method: 'DELETE', headers })).arrayBuffer();
}

async function calls(servers: Server[], path: string): Promise<void> {
  const pools = new Map<Server, Pool>();
  const ids = new Map<Server, string>();
  for (const server of servers) {
    pools.set(server, new Pool(server.url, { connections: clients }));
    ids.set(server, await upload(server, path));
  }
  /** Fifty clients that repeat a call. */
  const repeat = (server: Server, path: string, body?: string) =>
    measure(server, async () => {
      const until = performance.now() + Number(values.seconds) * 1000;
      let count = 0;
      const headers = {
        authorization: `Bearer ${server.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      };
      const client = async () => {
        while (performance.now() < until) {
          const response = await pools.get(server)?.request({
            path,
            method: body === undefined ? 'GET' : 'POST',
            headers,
            ...(body !== undefined && { body }),
          });
          await response?.body.dump();
          if (response?.statusCode !== 200) throw new Error(`${path}: ${response?.statusCode}`);
          count += 1;
        }
      };
      await Promise.all(Array.from({ length: clients }, client));
      return count;
    });
  const base = ({ kind }: Server) => (kind === 'bare' ? '' : '/v1');
  const file = (server: Server) => fileUrl(server, ids.get(server) ?? '').slice(server.url.length);
  const unit = 'calls per second';
  await compare('GET of the account', servers, (server) => repeat(server, `${base(server)}/account`), unit);
  await compare('GET of a file', servers, (server) => repeat(server, file(server)), unit);
  await compare('POST of a file', servers, (server) => repeat(server, file(server), '{"tags":["a","b"]}'), unit);
  for (const pool of pools.values()) await pool.close();
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-bench-'));
  const large = join(folder, 'large.bin');
  const small = join(folder, 'small.txt');
  const bare = await startServer('bare');
  const sandbox = await startServer('sandbox');
  const servers: Server[] = [
    { ...bare, name: 'bare Hono server', kind: 'bare' },
    { ...sandbox, name: 'sandbox', kind: 'sandbox' },
    { ...bare, name: 'control: bare server again', kind: 'bare' },
  ];
  try {
    const file = await open(large, 'w');
    const block = Buffer.alloc(1024 * 1024, 'doctape');
    for (let mebibyte = 0; mebibyte < mebibytes; mebibyte++) await file.appendFile(block);
    await file.close();
    await (await open(small, 'w')).close();
    if (values.only.includes('transfers')) await transfers(servers, large);
    if (values.only.includes('calls')) await calls(servers, small);
  } finally {
    await bare.stop();
    await sandbox.stop();
    await rm(folder, { recursive: true, force: true });
  }
  if (values.only.includes('list')) await listTable();
}

/** In a process of its own, because its memory and CPU time count. */
async function listTable(): Promise<void> {
  const script = fileURLToPath(new URL('./list-job.ts', import.meta.url));
  const child: ChildProcess = fork(script, [values.files, values.rounds]);
  const ended = once(child, 'exit');
  const load = measureOtherLoad();
  const [rows] = await once(child, 'message');
  await ended;
  const { share, isNoisy } = load();
  console.log(`\nlist of ${values.files} files, medians of ${rounds} rounds:`);
  console.table(rows);
  console.log(`${isNoisy ? 'NOISY: o' : 'O'}ther programs used ${(100 * share).toFixed(0)} % of a CPU`);
}

await main();
