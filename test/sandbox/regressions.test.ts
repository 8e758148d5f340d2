import { describe, expect, it, onTestFinished } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { mediaPool } from '../../src/sandbox/media/pool/media-pool.js';
import { bytesInMemory } from '../../src/sandbox/media/reading/bytes.js';
import { createSandbox } from '../../src/sandbox.js';
import { makePdf } from '../fixtures/make-pdf.js';
import { makeFlac, makeVideo } from '../fixtures/make-sound.js';
import { appOf, origin, tokenFor } from '../support/sandbox.js';
import { fetchChecked } from '../support/sandbox-response.js';

// Bugs that the fuzz tests have found, as minimal cases that run every time.

const sandbox = createSandbox();
const authorization = `Bearer ${(await tokenFor(sandbox, 'alice')).access_token}`;

describe('an upload', () => {
  it.each([
    ['without headers', '--b\r\n\r\n--b\r\n'],
    [
      'with an undecodable name',
      "--b\r\nContent-Disposition: form-data; name=a; filename*=UTF-8''%E0%A4%A\r\n\r\n\r\n--b--",
    ],
  ])('of a part %s is rejected', async (_, body) => {
    const headers = { authorization, 'content-type': 'multipart/form-data; boundary=b' };
    const { status } = await fetchChecked(sandbox, { method: 'POST', path: '/v1/doc/upload', headers, body });
    expect(status).toBe(400);
  });

  it('of a file with control characters in its name succeeds', async () => {
    const token = authorization.replace('Bearer ', '');
    const api = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch });
    const { name } = await api.files.upload(new Blob(['x']), { name: 'a\u0000b\u001bc\td\u007f.txt' });
    expect(name).toBe('a%00b%1Bcd%7F.txt');
  });
});

describe('a WebM file', () => {
  it('that ends within the header of an element does not block the sandbox', async () => {
    const head = '1a45dfa31000001f4286810142f7810142f2810442f381084282847765626d4287810442858102';
    const film = new Blob([Buffer.from(`${head}18538067040000020000000000001c53bb6b`, 'hex')], { type: 'video/webm' });
    const token = authorization.replace('Bearer ', '');
    const api = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch });
    const { id } = await api.files.upload(film, { name: 'a.webm' });
    expect((await api.files.get(id)).processing_status).toBe('failed');
  });
});

/** Describes a file in a thread: a thread whose job does not end is stopped, and the file counts as not readable. */
async function describeInThread(extension: string, declared: string, content: Uint8Array) {
  const pool = mediaPool();
  onTestFinished(() => pool.close());
  return pool.describe({ extension, declared }, bytesInMemory(new Uint8Array(content)));
}

describe('a PDF', () => {
  it('with an object after the end of the file is read in a finite time', async () => {
    const damaged = Buffer.from(
      Buffer.from(makePdf('/Title (A paper)'))
        .toString('latin1')
        .replace(/0000000(\d{3}) 00000 n \ntrailer/, '0000100$1 00000 n \ntrailer'),
      'latin1',
    );
    expect(damaged.includes('0000100')).toBe(true);
    expect(await describeInThread('pdf', 'application/pdf', damaged)).toMatchObject({ isReadable: true });
  });
});

describe('a FLAC file', () => {
  it('without a frame is read in a finite time', async () => {
    expect(await describeInThread('flac', 'audio/flac', makeFlac())).toMatchObject({
      type: 'audio/flac',
      isReadable: true,
    });
  });
});

describe('a movie', () => {
  const tables = { stsc: 16, stts: 12, ctts: 12 };

  it.each(Object.entries(tables))(
    'that declares four billion samples in %s is read in a finite time',
    async (table, at) => {
      const film = Buffer.from(await makeVideo(64, 36, { title: 'A film', reordered: true }));
      film.writeUInt32BE(0xffffffff, film.indexOf(table) + at);
      expect(await describeInThread('mp4', 'video/mp4', film)).toMatchObject({
        isReadable: true,
        meta: { title: 'A film' },
      });
    },
  );
});

describe('an authorization request', () => {
  it.each([
    ['a backslash in its redirect URI, because parsers disagree about its host', 'http://localhost\\@evil.example/'],
    ['one slash in its redirect URI, because a browser treats it as a path', 'http:/localhost:3000/callback'],
  ])('with %s, is rejected', async (_, redirect_uri) => {
    const { clientId } = appOf(sandbox, 'server');
    const query = new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri });
    expect((await fetchChecked(sandbox, { path: `/oauth2?${query}` })).status).toBe(400);
  });
});
