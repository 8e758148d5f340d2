import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { safeName, uniqueName } from '../../docs/examples/backup/safe-name.ts';
import { ApiClient } from '../../src/index.js';
import { allScopes, tokenFor } from '../support/sandbox.js';
import { type ScriptedServer, scriptedServer, servedForTest, wait } from '../support/scripted-server.js';

interface Account {
  url: string;
  token: string;
  api: ApiClient;
}

async function account(): Promise<Account> {
  const { url, sandbox } = await servedForTest();
  const { access_token: token } = await tokenFor(sandbox, 'alice', allScopes, url);
  return { url, token, api: new ApiClient({ token, baseUrl: `${url}/v1` }) };
}

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-backup-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

function start(flags: string[], env: Record<string, string>): { ended: Promise<Run>; stop: () => void } {
  const child = spawn(process.execPath, ['docs/examples/backup/backup.ts', ...flags], {
    env: { PATH: process.env.PATH, ...env },
  });
  const run: Run = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    run.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    run.stderr += chunk;
  });
  const ended = new Promise<Run>((resolve) => child.once('close', (code) => resolve({ ...run, code })));
  return { ended, stop: () => void child.kill() };
}

async function backup({ url, token }: Pick<Account, 'url' | 'token'>, folder: string, ...flags: string[]) {
  const env = { DOCTAPE_TOKEN: token, DOCTAPE_API_URL: `${url}/v1` };
  const { code, stdout, stderr } = await start([folder, '--json', ...flags], env).ended;
  return { code, stderr, summary: stdout === '' ? undefined : JSON.parse(stdout) };
}

/** The content of a backup: the files by name, and the manifest entries by id. */
async function contentOf(folder: string) {
  const names = (await readdir(join(folder, 'files'))).sort();
  const files: Record<string, string> = {};
  for (const name of names) files[name] = await readFile(join(folder, 'files', name), 'utf8');
  const lines = (await readFile(join(folder, 'manifest.jsonl'), 'utf8')).trim().split('\n');
  return { files, record: new Map(lines.map((line) => JSON.parse(line)).map((entry) => [entry.id, entry])) };
}

/** A proxy for the sandbox that can change file names, stop a download after some bytes, or delay downloads. */
async function proxyFor(
  { url }: Account,
  { names = {}, hold, pairs }: { names?: Record<string, string>; hold?: { after: number }; pairs?: boolean } = {},
): Promise<ScriptedServer & { stats: { concurrent: number } }> {
  let running = 0;
  const stats = { concurrent: 0 };
  let secondArrived = () => {};
  const second = new Promise<void>((resolve) => {
    secondArrived = resolve;
  });
  const server = await scriptedServer(async (request, response) => {
    const { authorization = '', range, 'if-range': ifRange } = request.headers;
    const headers = {
      authorization,
      ...(range && { range }),
      ...(typeof ifRange === 'string' && { 'if-range': ifRange }),
    };
    const upstream = await fetch(url + request.url, { headers });
    if (request.url?.startsWith('/v1/doc?')) {
      const list = await upstream.json();
      for (const file of Object.values<Record<string, unknown>>(list.result)) {
        const name = names[String(file.id)];
        if (name !== undefined) Object.assign(file, { name, extension: '' });
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(list));
      return;
    }
    running += 1;
    stats.concurrent = Math.max(stats.concurrent, running);
    if (running === 2) secondArrived();
    const body = await upstream.bytes();
    if (pairs) await second;
    await wait(20); // time for a third request, if there is one
    running -= 1;
    response.writeHead(upstream.status, Object.fromEntries(upstream.headers));
    if (hold && !range) response.write(body.subarray(0, hold.after));
    else response.end(body);
  });
  return { ...server, stats };
}

it('saves every file with its metadata, and then only new files', async () => {
  const alice = await account();
  const { api } = alice;
  const upload = (content: string, name: string) => api.files.upload(new Blob([content]), { name });
  const first = await upload('one', 'note.txt');
  const second = await upload('two', 'note.txt');
  const third = await upload('three', 'NOTE.TXT');
  await api.files.update(second.id, { tags: ['holiday'], starred: true });
  const folder = await emptyFolder();

  const initial = await backup(alice, folder);
  expect(initial).toMatchObject({
    code: 0,
    summary: { files: 3, saved: 3, unchanged: 0, bytes: 11, failed: [], kept: 0 },
  });
  const { files, record } = await contentOf(folder);
  expect(Object.values(files).sort()).toEqual(['one', 'three', 'two']);
  expect(new Set(Object.keys(files).map((name) => name.toLowerCase())).size).toBe(3);
  const { path, sha256, file } = record.get(second.id);
  expect(files[path]).toBe('two');
  expect(sha256).toBe(createHash('sha256').update('two').digest('hex'));
  expect(file).toMatchObject({ tags: ['holiday'], starred: true, time_added: expect.stringMatching(/Z$/) });
  expect((await readdir(folder)).sort()).toEqual(['files', 'manifest.jsonl']);

  await api.files.update(first.id, { name: 'renamed' });
  await api.files.update(second.id, { tags: [] });
  await api.files.delete(third.id);
  await upload('four', 'new.txt');
  const again = await backup(alice, folder);
  expect(again).toMatchObject({ code: 0, summary: { files: 3, saved: 1, unchanged: 2, bytes: 4, kept: 1 } });
  const after = await contentOf(folder);
  expect(after.files['renamed.txt']).toBe('one');
  expect(after.files['new.txt']).toBe('four');
  expect(Object.values(after.files).sort()).toEqual(['four', 'one', 'three', 'two']);
  expect(after.record.get(second.id).file.tags).toEqual([]);
});

it('saves missing, truncated and damaged files again', async () => {
  const alice = await account();
  for (const name of ['missing', 'cut', 'damaged']) await alice.api.files.upload(new Blob([`${name}!`]), { name });
  const folder = await emptyFolder();
  await backup(alice, folder);
  await rm(join(folder, 'files/missing'));
  await writeFile(join(folder, 'files/cut'), 'cu');
  await writeFile(join(folder, 'files/damaged'), 'demaged!');
  await writeFile(join(folder, 'manifest.jsonl'), '{"id":"half a line', { flag: 'a' });
  expect((await backup(alice, folder)).summary).toMatchObject({ saved: 2, unchanged: 1 });
  expect((await backup(alice, folder, '--verify')).summary).toMatchObject({ saved: 1, unchanged: 2 });
  expect((await contentOf(folder)).files).toEqual({ missing: 'missing!', cut: 'cut!', damaged: 'damaged!' });
});

it('resumes an interrupted backup', async () => {
  const alice = await account();
  const content = randomBytes(3_000_000);
  await alice.api.files.upload(content, { name: 'large.bin' });
  const folder = await emptyFolder();
  const stalling = await proxyFor(alice, { hold: { after: 2_000_000 } });
  const env = { DOCTAPE_TOKEN: alice.token, DOCTAPE_API_URL: `${stalling.url}/v1` };
  const run = start([folder], env);
  const partSize = async () => {
    const parts = (await readdir(join(folder, 'incoming')).catch(() => [])).filter((name) => name.endsWith('.part'));
    return parts[0] === undefined ? 0 : (await stat(join(folder, 'incoming', parts[0]))).size;
  };
  await expect.poll(partSize).toBeGreaterThan(0);
  run.stop();
  const { code, stderr } = await run.ended;
  expect([code, stderr]).toEqual([1, 'backup: interrupted: run it again to continue\n']);
  expect(await readdir(join(folder, 'files'))).toEqual([]);

  const kept = await partSize();
  expect(kept).toBeGreaterThan(0);
  expect(await backup({ ...alice, url: stalling.url }, folder)).toMatchObject({ code: 0, summary: { saved: 1 } });
  expect(stalling.requests.at(-1)?.headers.range).toBe(`bytes=${kept - 1}-`);
  expect((await readFile(join(folder, 'files/large.bin'))).equals(content)).toBe(true);
});

it('downloads at most --concurrency files at the same time', async () => {
  const alice = await account();
  for (let number = 0; number < 9; number++) await alice.api.files.upload(new Blob(['x']), { name: `${number}` });
  const counting = await proxyFor(alice, { pairs: true });
  expect((await backup({ ...alice, url: counting.url }, await emptyFolder(), '--concurrency', '2')).code).toBe(0);
  expect(counting.stats.concurrent).toBe(2);
});

it('writes only into its folder, with file names that are valid on every system', async () => {
  const alice = await account();
  const wild = [
    '../x',
    '..',
    '/etc/passwd',
    'CON',
    'nul.txt',
    '-rf',
    '~root',
    'a\u0000\u001b[31mb',
    'C:\\x',
    'x '.repeat(300),
    '..',
    '',
  ];
  const names: Record<string, string> = {};
  for (const name of wild) {
    const { id } = await alice.api.files.upload(new Blob([name || 'empty']), { name: 'plain.txt' });
    names[id] = name;
  }
  const folder = await emptyFolder();
  const hostile = await proxyFor(alice, { names });
  const run = await backup({ ...alice, url: hostile.url }, join(folder, 'backup'));
  expect(run).toMatchObject({ code: 0, summary: { saved: wild.length } });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(run.stderr).not.toMatch(/[\u0000-\u0009\u001b]/);
  expect(await readdir(folder)).toEqual(['backup']);
  const { files } = await contentOf(join(folder, 'backup'));
  const long = `${'x '.repeat(100).trim()}`;
  expect(Object.keys(files).sort()).toEqual(
    [
      '_',
      '_ (2)',
      '_ (3)',
      '_-rf',
      '_CON',
      '__x',
      '_etc_passwd',
      '_nul.txt',
      '_~root',
      'C__x',
      'a__[31mb',
      long,
    ].sort(),
  );
});

it('reads the token from the session of the command line, and refuses a --token flag', async () => {
  const alice = await account();
  const folder = await emptyFolder();
  const file = join(folder, 'session.json');
  await writeFile(file, JSON.stringify({ baseUrl: `${alice.url}/v1`, token: { access_token: alice.token } }));
  const fine = await start([join(folder, 'backup')], { DOCTAPE_SESSION: file }).ended;
  expect([fine.code, fine.stdout]).toEqual([0, '0 files: 0 unchanged, 0 saved (0 bytes), 0 failed\n']);

  const refused = await start([folder, `--token=${alice.token}`], {}).ended;
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("Unknown option '--token'")]);
  const withoutToken = await start([folder], {}).ended;
  expect([withoutToken.code, withoutToken.stderr]).toEqual([1, expect.stringContaining('DOCTAPE_SESSION')]);
  await writeFile(file, `{"token":"${alice.token}`);
  const damaged = await start([folder], { DOCTAPE_SESSION: file }).ended;
  expect(damaged.code).toBe(1);
  const expired = await backup({ ...alice, token: 'an-unknown-token' }, join(folder, 'backup'));
  expect([expired.code, expired.stderr.split('\n').length]).toEqual([1, 2]);
  for (const { stdout, stderr } of [fine, refused, withoutToken, damaged])
    expect(stdout + stderr).not.toContain(alice.token);
  expect(expired.stderr).not.toContain('an-unknown-token');
});

it('does not send a token if the URL of the API is not set', async () => {
  const folder = await emptyFolder();
  const unset = await start([folder], { DOCTAPE_TOKEN: 'a-secret-token' }).ended;
  const empty = await start([folder], { DOCTAPE_TOKEN: 'a-secret-token', DOCTAPE_API_URL: '' }).ended;
  for (const { code, stderr } of [unset, empty]) {
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^backup: DOCTAPE_API_URL is not set: .*\/v1\n$/)]);
  }
  const file = join(folder, 'session.json');
  await writeFile(file, JSON.stringify({ token: { access_token: 'a-secret-token' } }));
  const unreadable = await start([folder], { DOCTAPE_SESSION: file }).ended;
  expect([unreadable.code, unreadable.stderr]).toEqual([
    1,
    expect.stringContaining('DOCTAPE_SESSION is not a file of'),
  ]);
  expect(await readdir(folder)).toEqual(['session.json']);
});

it('converts names to file names that are valid on every system', () => {
  const names = {
    'holiday.jpg': 'holiday.jpg',
    'trailing dots...': 'trailing dots',
    '.hidden': '_hidden',
    'COM¹.log': '_COM¹.log',
    'console.log': 'console.log',
    'con .txt': '_con .txt',
    'u\u0308ber': 'über',
    'gpj.\u202eexe': 'gpj._exe',
    '\ud800': '\ufffd',
    '...': '_',
  };
  for (const [name, safe] of Object.entries(names)) expect(safeName(name)).toBe(safe);
  expect(Buffer.byteLength(safeName(`${'ü'.repeat(500)}.tar`))).toBeLessThanOrEqual(200);
  expect(safeName(`${'ü'.repeat(500)}.tar`)).toMatch(/^ü+\.tar$/);
  expect(uniqueName('a.txt', new Set(['A.TXT', 'A (2).TXT']))).toBe('a (3).txt');
});
