import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, expect, it } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { makeJpeg, makePng, quarters } from '../fixtures/make-image.js';
import { makeCompressedPdf } from '../fixtures/make-pdf.js';
import { makeMp3 } from '../fixtures/make-sound.js';
import { makeZip } from '../fixtures/make-zip.js';
import { expectNoCrash } from '../support/crash.js';

// Tests the built command, because bundling can break modules that are loaded on demand: images, audio, PDF, archives.

const child = spawn(process.execPath, [
  'dist/cli.js',
  'sandbox',
  '--port',
  '0',
  '--json',
  '--quiet',
  '--auto-approve',
  'alice',
]);
let stderr = '';
afterAll(async () => {
  if (child.exitCode === null && child.signalCode === null) {
    child.kill();
    await once(child, 'close');
  }
  expectNoCrash(stderr);
});
child.stderr.on('data', (chunk) => {
  stderr += chunk;
});
const line = await new Promise<string>((resolve, reject) => {
  createInterface({ input: child.stdout }).once('line', resolve);
  child.once('close', (code) => reject(new Error(`the sandbox ended with ${code}: ${stderr}`)));
});
const { authorizationEndpoint, apiBaseUrl, apps } = JSON.parse(line);

const query = new URLSearchParams({
  response_type: 'token',
  client_id: apps.find(({ type }: { type: string }) => type === 'client').clientId,
  redirect_uri: 'http://localhost/',
  scope: 'account docs upload',
});
const redirect = await fetch(`${authorizationEndpoint}?${query}`, { redirect: 'manual' });
const fragment = new URLSearchParams(new URL(redirect.headers.get('location') ?? '').hash.slice(1));
const api = new ApiClient({ token: fragment.get('access_token') ?? '', baseUrl: apiBaseUrl });

async function upload(name: string, type: string, bytes: Uint8Array): Promise<string> {
  return (await api.files.upload(bytes, { name, type })).id;
}

async function startOf(response: Response): Promise<number[]> {
  return [...new Uint8Array(await response.arrayBuffer()).subarray(0, 3)];
}

it('creates thumbnails', async () => {
  const jpeg = await upload('a.jpg', 'image/jpeg', makeJpeg(200, 100, quarters(200, 100)));
  const png = await upload('a.png', 'image/png', makePng(200, 100, quarters(200, 100)));
  for (const id of [jpeg, png]) {
    expect((await api.files.get(id)).meta).toMatchObject({ width: 200, height: 100 });
    expect(await startOf(await api.files.download(id, 'thumb_120.jpg'))).toEqual([0xff, 0xd8, 0xff]);
    expect(await startOf(await api.files.download(id, 'image.jpg'))).toEqual([0xff, 0xd8, 0xff]);
  }
  expect(await startOf(await api.account.avatar(300))).toEqual([0xff, 0xd8, 0xff]);
});

it('reads audio, documents and archives', async () => {
  const song = await upload('a.mp3', 'audio/mpeg', makeMp3(40, { TIT2: 'Bicycle' }));
  expect((await api.files.get(song)).meta).toMatchObject({ title: 'Bicycle', duration: expect.any(Number) });
  const paper = await upload('a.pdf', 'application/pdf', makeCompressedPdf('/Title (On tapes)'));
  expect((await api.files.get(paper)).meta).toMatchObject({ title: 'On tapes' });
  const archive = await upload(
    'a.zip',
    'application/zip',
    makeZip([{ name: 'in/side.txt', content: new TextEncoder().encode('hello') }]),
  );
  expect((await api.files.get(archive)).meta).toMatchObject({ numFiles: 1, bytesUncomp: 5 });
  await api.files.extract(archive);
  const side = (await api.files.list()).find(({ name }) => name === 'side');
  expect(await (await api.files.download(side?.id ?? '')).text()).toBe('hello');
});

it('prints nothing on stderr', () => {
  expect(stderr.replace(/.*ExperimentalWarning.*\n.*--trace-warnings.*\n/, '')).toBe('');
});
