import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { ApiClient } from 'doctape-sdk';
import { openFile, saveDownload } from 'doctape-sdk/node';
import { makeJpeg, quarters } from '../fixtures/make-image.ts';
import { makeWav } from '../fixtures/make-sound.ts';
import { makeZip } from '../fixtures/make-zip.ts';
import { inRepository } from '../support/paths.ts';
import { sampleGrowth } from './resident.ts';

/**
 * Uploads files of more than 2 GiB to a sandbox with a data folder, by the command line and by the SDK in turns, and downloads them again.
 * Prints the metadata that were found, how much memory the server and the client needed, and whether the download is identical. Linux
 * only, with ffmpeg. Run it with `npm run bench:large`, or for smaller files with `npm run bench:large -- --mebibytes 64`.
 */

const { values } = parseArgs({ options: { mebibytes: { type: 'string', default: '2048' } } });
const hole = Number(values.mebibytes) * 1024 ** 2;
const folder = await mkdtemp(join(tmpdir(), 'bench-large-'));
const cli = inRepository('dist/cli.js');
const env = { ...process.env, XDG_CONFIG_HOME: join(folder, 'config'), XDG_DATA_HOME: join(folder, 'share') };

/** Writes a sparse file: the parts, with a hole of zeros at one place. */
async function makeSparse(name: string, before: Uint8Array, after: Uint8Array = new Uint8Array()): Promise<string> {
  const path = join(folder, name);
  const handle = await open(path, 'w');
  await handle.write(before, 0, before.length, 0);
  await handle.truncate(before.length + hole);
  await handle.write(after, 0, after.length, before.length + hole);
  await handle.close();
  return path;
}

/** A sound as long as its size says. */
function wav(): Promise<string> {
  const header = Buffer.from(makeWav(1)).subarray(0, 44);
  header.writeUInt32LE(hole + 36, 4);
  header.writeUInt32LE(hole, 40);
  return makeSparse('a.wav', header);
}

/** A film whose index is behind the hole, so that its offset needs more than 31 bits. */
async function mp4(): Promise<string> {
  const small = join(folder, 'small.mp4');
  const input = ['-f', 'lavfi', '-i', 'testsrc=duration=3:size=320x240:rate=10', '-metadata', 'title=Large'];
  execFileSync('ffmpeg', ['-v', 'error', ...input, '-c:v', 'libx264', '-pix_fmt', 'yuv420p', small]);
  const film = await readFile(small);
  const index = film.indexOf('moov') - 4;
  const free = Buffer.alloc(16);
  free.writeUInt32BE(1, 0); // the size follows, in 64 bits
  free.write('free', 4);
  free.writeBigUInt64BE(BigInt(hole + 16), 8);
  return makeSparse('a.mp4', Buffer.concat([film.subarray(0, index), free]), film.subarray(index));
}

const files: Record<string, () => Promise<string>> = {
  WAV: wav,
  'MP4, its index at the end': mp4,
  'JPEG, followed by zeros': () => makeSparse('a.jpg', makeJpeg(640, 480, quarters(640, 480))),
  'zip, preceded by zeros': () =>
    makeSparse('a.zip', Buffer.from('MZ'), makeZip([{ name: 'a.txt', content: Buffer.from('a') }])),
};

async function hashOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

function run(...args: string[]): { child: ChildProcess; output: Promise<string> } {
  const child = spawn(process.execPath, [cli, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  const output = new Promise<string>((resolve, reject) => {
    child.on('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`${args[0]} ended with ${code}`))));
  });
  return { child, output };
}

/** Signs the command line in at a sandbox that approves everything. */
async function login(url: string): Promise<void> {
  const child = spawn(process.execPath, [cli, 'login', '--sandbox', url, '--no-browser'], { env });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let text = '';
  for await (const chunk of child.stderr) {
    text += chunk;
    const [address] = /^http\S+(?=\n)/m.exec(text) ?? [];
    if (address) {
      await (await fetch(address)).text();
      break;
    }
  }
  if ((await ended) !== 0) throw new Error(`the command line is not signed in: ${text}`);
}

const flags = [
  'sandbox',
  '--port',
  '0',
  '--json',
  '--quiet',
  '--auto-approve',
  'alice',
  '--data',
  join(folder, 'data'),
];
const server = spawn(process.execPath, [cli, ...flags], { env, stdio: ['ignore', 'pipe', 'inherit'] });
const ready = new Promise<string>((resolve, reject) => {
  server.stdout.once('data', (line) => resolve(String(line)));
  server.once('exit', (code) => reject(new Error(`the sandbox ended with ${code}`)));
});

/** Transfers files with the command line, or with the SDK in this process. */
interface Client {
  upload(path: string): Promise<{ id: string; mebibytes: number }>;
  download(id: string, path: string): Promise<{ mebibytes: number }>;
}

const byCli: Client = {
  async upload(path) {
    const { child, output } = run('upload', '--json', path);
    const growth = sampleGrowth(child.pid ?? 0);
    const { id } = JSON.parse(await output);
    return { id, mebibytes: growth() };
  },
  async download(id, path) {
    const { child, output } = run('download', id, '--output', path, '--quiet');
    const growth = sampleGrowth(child.pid ?? 0);
    await output;
    return { mebibytes: growth() };
  },
};

const bySdk = (api: ApiClient): Client => ({
  async upload(path) {
    const growth = sampleGrowth('self');
    const { id } = await api.files.upload(await openFile(path));
    return { id, mebibytes: growth() };
  },
  async download(id, path) {
    const growth = sampleGrowth('self');
    await saveDownload(api, id, path);
    return { mebibytes: growth() };
  },
});

/** The token of the command line, which its URLs contain. */
async function tokenOf(url: string): Promise<string> {
  await login(url);
  const { id } = JSON.parse(await run('upload', '--json', inRepository('LICENSE')).output);
  const link = new URL((await run('url', id).output).trim());
  return link.searchParams.get('access_token') ?? '';
}

try {
  const { url, apiBaseUrl: baseUrl } = JSON.parse(await ready);
  const api = new ApiClient({ token: await tokenOf(url), baseUrl, timeout: 600_000 });
  const rows: Record<string, object> = {};
  for (const [label, make] of Object.entries(files)) {
    const path = await make();
    const hash = await hashOf(path);
    for (const [by, client] of Object.entries({ 'command line': byCli, SDK: bySdk(api) })) {
      const growth = sampleGrowth(server.pid ?? 0);
      const started = performance.now();
      const { id, mebibytes: up } = await client.upload(path);
      const uploaded = performance.now();
      const { meta, size, processing_status } = await api.files.get(id);
      const copy = join(folder, 'copy');
      const { mebibytes: down } = await client.download(id, copy);
      const downloaded = performance.now();
      rows[`${label}, ${by}`] = {
        bytes: size,
        metadata: JSON.stringify(meta),
        status: processing_status,
        'upload, s': ((uploaded - started) / 1000).toFixed(1),
        'download, s': ((downloaded - uploaded) / 1000).toFixed(1),
        'server, MiB': growth().toFixed(0),
        'client, MiB': Math.max(up, down).toFixed(0),
        identical: (await hashOf(copy)) === hash,
      };
      await rm(copy);
      await api.files.delete(id);
    }
    await rm(path);
  }
  console.table(rows);
} finally {
  server.kill();
  await rm(folder, { recursive: true });
}
