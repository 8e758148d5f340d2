import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { requires } from '../../support/requirements.js';
import { allScopes, tokenFor } from '../../support/sandbox.js';
import { apiAt, servedForTest, socketServer } from '../../support/scripted-server.js';
import {
  anyFile,
  command,
  content,
  cwd,
  environment,
  logIn,
  replyWithFile,
  run,
  signedIn,
  start,
  startOnTerminal,
  useHome,
  useServer,
  useServerWithFile,
} from '../user.js';

useHome();

it('replaces an existing file only with --force', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['new']), { name: 'a.txt' });
  await writeFile(join(cwd, 'a.txt'), 'older');
  const refused = await run(['download', id]);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^doctape-sdk: \S+: a\.txt exists: add --force to replace it\n$/);
  expect(await readFile(join(cwd, 'a.txt'), 'utf8')).toBe('older');
  expect((await run(['download', id, '--output', 'a.txt'])).code).toBe(1);
  expect((await run(['download', id, '--force'])).code).toBe(0);
  expect(await readFile(join(cwd, 'a.txt'), 'utf8')).toBe('new');
});

it('gives files of the same name different names, also with --force', async () => {
  const { api } = await signedIn();
  const uploaded = await api.files.uploadAll([new File(['one'], 'a.txt'), new File(['three'], 'a.txt')]);
  const [first, second] = uploaded.sort((one, other) => (one.id < other.id ? -1 : 1)); // files of one second are numbered by id
  await writeFile(join(cwd, 'a.txt'), 'old');
  const { code, stdout, stderr } = await run(['download', first?.id ?? '', second?.id ?? '', '--force', '--json']);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^Saved 2 of 2 files, 8 B in /);
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .sort((one, other) => (one.id < other.id ? -1 : 1)),
  ).toEqual([
    { file: first?.id, id: first?.id, path: join(cwd, 'a.txt'), size: first?.size, unchanged: false },
    { file: second?.id, id: second?.id, path: join(cwd, 'a (2).txt'), size: second?.size, unchanged: false },
  ]);
  expect(await readFile(join(cwd, 'a.txt'), 'utf8')).toHaveLength(first?.size ?? 0);
  expect(await readFile(join(cwd, 'a (2).txt'), 'utf8')).toHaveLength(second?.size ?? 0);
});

it.each([
  '../../escaped',
  '/etc/passwd',
  '..',
  '.',
  '.profile',
  'a/b\\c',
  '\u001b]0;title\u0007',
  'C:x',
  ' ',
  'x'.repeat(400),
])('downloads a file that is named %j into the folder, with a safe name', async (name) => {
  await useServerWithFile(name);
  const { code, stderr } = await run(['download', 'x']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [saved = '', ...more] = await readdir(cwd);
  expect(more).toEqual([]);
  expect(saved).toMatch(/^[^./\\:\p{Cc}][^/\\:\p{Cc}]*$/u);
  expect(await readFile(join(cwd, saved), 'utf8')).toBe('hello');
  expect((await readdir(join(cwd, '..'))).sort()).toEqual(['config', 'work']);
});

it('resumes a download after kill -9', async () => {
  const sandbox = await servedForTest();
  let sent = '';
  let mostReceived = 3_000_000; // the proxy stops there, so that the command cannot finish before it is killed
  const proxy = await socketServer((socket) => {
    const upstream = connect(Number(new URL(sandbox.url).port), '127.0.0.1');
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.end());
    socket.on('data', (chunk) => {
      sent += chunk;
      upstream.write(chunk);
    });
    let received = 0;
    upstream.on('data', (chunk) => {
      received += chunk.byteLength;
      if (received > mostReceived) upstream.pause();
      socket.write(chunk);
    });
  });
  expect((await logIn(proxy.url)).code).toBe(0);
  const api = apiAt(sandbox.url, { token: await tokenFor(sandbox.sandbox, 'alice', allScopes, sandbox.url) });
  const { id } = await api.files.upload(new Blob([content]), { name: 'large.bin' });
  const part = join(cwd, 'large.bin.part');
  const size = () =>
    stat(part).then(
      (status) => status.size,
      () => 0,
    );

  const first = start(['download', id]);
  await expect.poll(size, { interval: 5 }).toBeGreaterThan(1_000_000);
  first.child.kill('SIGKILL');
  await first.ended;
  const had = await size();
  expect(had).toBeLessThan(content.byteLength);
  expect(await readdir(cwd)).not.toContain('large.bin');

  sent = '';
  mostReceived = Number.POSITIVE_INFINITY;
  expect(await run(['download', id])).toEqual({ code: 0, stdout: 'Saved large.bin, 6 MB\n', stderr: '' });
  expect(sent).toMatch(new RegExp(`^range: bytes=${had - 1}-\r$`, 'im'));
  expect(Buffer.compare(await readFile(join(cwd, 'large.bin')), content)).toBe(0);
  expect(await readdir(cwd)).toEqual(['large.bin']);
});

it('exits with 130 on SIGINT, and keeps the partial file', async () => {
  await useServer((request, response) => {
    const file = { ...anyFile, extension: 'bin', size: content.byteLength };
    if (!request.url?.endsWith('/original')) return replyWithFile(request, response, file);
    response.writeHead(200, { etag: '"1"', 'content-length': content.byteLength });
    response.write(content.subarray(0, -1)); // and no more
  });
  const download = start(['download', 'x']);
  const part = join(cwd, 'a.bin.part');
  await expect.poll(() => readFile(part).catch(() => [])).not.toHaveLength(0);
  download.child.kill('SIGINT');
  expect(await download.ended).toBe(130);
  expect(download.stdout()).toBe('');
  expect(download.stderr()).toBe('Stopped. Run the same command again to continue.\n');
  expect((await readdir(cwd)).sort()).toEqual(['a.bin.part', 'a.bin.part.json']);
  const kept = await readFile(part);
  expect(kept.byteLength).toBeGreaterThan(0);
  expect(Buffer.compare(kept, content.subarray(0, kept.byteLength))).toBe(0);
});

it('does not replace a file that appears during the download', async () => {
  let complete: (() => void) | undefined;
  await useServer((request, response) => {
    const file = { ...anyFile, extension: 'bin', size: 10 };
    if (!request.url?.endsWith('/original')) return replyWithFile(request, response, file);
    response.writeHead(200, { etag: '"1"', 'content-length': 10 }).write('hello');
    complete = () => response.end('world');
  });
  const download = start(['download', 'x']);
  await expect.poll(() => complete).toBeDefined();
  await expect.poll(() => readdir(cwd)).toContain('a.bin.part');
  await writeFile(join(cwd, 'a.bin'), 'mine', { flag: 'wx' });
  complete?.();
  expect(await download.ended).toBe(1);
  expect(download.stderr()).toMatch(/^doctape-sdk: x: [^\n]*a\.bin[^\n]*\n$/);
  expect(await readFile(join(cwd, 'a.bin'), 'utf8')).toBe('mine');
});

it('continues when a name is given twice, and downloads the file once', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new File(['hello'], 'a.txt'));
  expect(await run(['download', '-q', 'a.txt', id])).toEqual({ code: 0, stdout: 'Saved a.txt, 5 B\n', stderr: '' });
  expect(await readdir(cwd)).toEqual(['a.txt']);
});

it('does not request a file again that it has downloaded, and downloads renditions under their names', async () => {
  const { api } = await signedIn();
  const image = makeJpeg(64, 64, quarters(64, 64));
  await api.files.upload(new File([Buffer.from(image)], 'a.jpg'));
  await api.files.upload(new File(['hello'], '+b.txt'));
  expect((await run(['download', '-q', 'a.jpg', '+b.txt'])).code).toBe(0);
  expect((await readdir(cwd)).sort()).toEqual(['_+b.txt', 'a.jpg']);
  const again = await run(['download', 'a.jpg', '+b.txt', '--json']);
  const lines = again.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ unchanged }) => unchanged)).toEqual([true, true]);
  expect((await run(['download', 'a.jpg', '--rendition', 'thumb_120.jpg'])).stdout).toMatch(
    /^Saved a-thumb_120\.jpg, /,
  );
  expect((await readFile(join(cwd, 'a-thumb_120.jpg'))).subarray(0, 2)).toEqual(Buffer.from([0xff, 0xd8]));
});

it('writes files to stdout byte by byte, without anything else', async () => {
  const { api } = await signedIn();
  await api.files.upload(new File([content], 'large.bin'));
  await api.files.upload(new File(['\u0000\u001b[2J'], 'b.txt'));
  for (const args of [
    ['download', 'large.bin', 'b.txt', '-o', '-'],
    ['cat', 'large.bin', 'b.txt'],
  ]) {
    const child = spawn(process.execPath, [command, ...args], { cwd, env: environment({}) });
    const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
    expect(Buffer.compare(stdout, Buffer.concat([content, Buffer.from('\u0000\u001b[2J')]))).toBe(0);
    expect(stderr.toString()).toBe('');
  }
  expect(await readdir(cwd)).toEqual([]);
});

// as `head` does (glideapps/quicktype#3038 printed a stack trace)
it('stops and exits with 0 when the reader of stdout has enough', async () => {
  let ended = false;
  await useServer((request, response) => {
    if (!request.url?.endsWith('/original')) return replyWithFile(request, response, { ...anyFile, size: 1e9 });
    response.writeHead(200, { 'content-length': 1e9 });
    const more = setInterval(() => response.write(content.subarray(0, 65_536)), 1);
    request.socket.once('close', () => {
      clearInterval(more);
      ended = true;
    });
  });
  const reading = start(['cat', 'x']);
  await expect.poll(() => reading.stdout().length).toBeGreaterThan(10);
  reading.child.stdout?.destroy();
  expect(await reading.ended).toBe(0);
  expect(reading.stderr()).toBe('');
  await expect.poll(() => ended).toBe(true);
});

it('continues a file on stdout when the connection breaks in the middle', async () => {
  let requests = 0;
  await useServer((request, response) => {
    if (!request.url?.endsWith('/original')) return replyWithFile(request, response, { ...anyFile, size: 10 });
    const head = { etag: '"1"', 'accept-ranges': 'bytes' };
    if (++requests === 1) {
      response.writeHead(200, { ...head, 'content-length': 10 }).write('hello');
      setTimeout(() => response.destroy(), 50);
    } else {
      const start = Number(/bytes=(\d+)/.exec(request.headers.range ?? '')?.[1]);
      const rest = 'helloworld'.slice(start);
      response.writeHead(206, { ...head, 'content-range': `bytes ${start}-9/10`, 'content-length': rest.length });
      response.end(rest);
    }
  });
  expect(await run(['cat', 'x'])).toEqual({ code: 0, stdout: 'helloworld', stderr: '' });
  expect(requests).toBe(2);
});

it.runIf(process.platform === 'linux')(
  'shows text on a terminal without its control characters, and no binary',
  async () => {
    const { api } = await signedIn();
    await api.files.upload(new File(['größe\n\u001b]0;title\u0007\u202e\tend\n'], 'a.txt'));
    await api.files.upload(new File([new Uint8Array(2)], 'b.bin'));
    const text = startOnTerminal(['cat', 'a.txt']);
    expect(await text.ended).toBe(0);
    expect(text.stdout()).toMatch(/^größe\r\n\ufffd\]0;title\ufffd\ufffd\s+end\r\n$/);
    const binary = startOnTerminal(['cat', 'b.bin']);
    expect(await binary.ended).toBe(1);
    expect(binary.stdout()).toMatch(/^doctape-sdk: b\.bin: this is not text: [^\n]+download`\r\n$/);
  },
);

// aws/aws-cli#2430 and #1442 exited with 0
it('reports that the disk is full, and keeps the part', requires('mounts'), async () => {
  const { api } = await signedIn();
  const [one, two] = await api.files.uploadAll([new File([content], 'large.bin'), new File(['x'], 'small.txt')]);
  const line = [process.execPath, command, 'download', one?.id, two?.id, '-o', 'disk'].join(' ');
  await mkdir(join(cwd, 'disk'));
  const script = `mount -t tmpfs -o size=2m tmpfs disk && ${line}; echo "exit code $?"; ls disk`;
  const child = spawn('unshare', ['-m', 'sh', '-c', script], { cwd, env: environment({}) });
  const [stdout, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  expect(stdout.toString()).toMatch(/exit code 1\n/);
  expect(stdout.toString()).toContain('large.bin.part');
  // the small file finds room if it is written before the disk is full
  expect(stderr.toString()).toMatch(
    /^(doctape-sdk: \S+: [^\n]*(large\.bin|small\.txt)[^\n]*ENOSPC[^\n]*\n)+[^\n]+\n\d failed: [^\n]+\n$/,
  );
  expect(stderr.toString()).toContain('large.bin');
});

it.each([255, 256, 300])('saves a file with a name of %d bytes', async (bytes) => {
  await useServerWithFile('ä'.repeat((bytes - 4) / 2), 'txt');
  expect((await run(['download', 'x'])).code).toBe(0);
  const [saved = '', ...others] = await readdir(cwd);
  expect(others).toEqual([]);
  expect(Buffer.byteLength(saved)).toBeLessThanOrEqual(255);
  expect(saved).toMatch(/^ä+\.txt$/);
});
