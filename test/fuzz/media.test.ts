import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSandbox, memoryStore } from '../../src/sandbox.js';
import { makeHeif } from '../fixtures/make-heif.js';
import {
  makeBmp,
  makeExif,
  makeFlatJpeg,
  makeGif,
  makeJpeg,
  makePng,
  makeRareBmp,
  makeTiffTags,
  quarters,
} from '../fixtures/make-image.js';
import { makeCompressedPdf, makePdf } from '../fixtures/make-pdf.js';
import { makeAdpcm, makeAiff, makeFlac, makeMp3, makeOgg, makeVideo, makeWav } from '../fixtures/make-sound.js';
import { makeZip } from '../fixtures/make-zip.js';
import { captureConsole, damaged, fuzzTimeout, joined, testProperty } from '../support/fuzz.js';
import { tokenFor } from '../support/sandbox.js';
import { fetchChecked, type TestResponse } from '../support/sandbox-response.js';

// Files are damaged at random. The sandbox must store each upload byte for byte, and send documented responses to requests for its
// metadata and renditions.

const small = quarters(24, 16);
const exif = makeExif(6);
const files: Record<string, [type: string, bytes: Uint8Array, runs: number]> = {
  'a.jpg': ['image/jpeg', makeJpeg(24, 16, small), 60],
  'turned.jpg': ['image/jpeg', makeJpeg(24, 16, small, exif), 60],
  'a.png': ['image/png', makePng(24, 16, small), 40],
  'packed.png': ['image/png', makePng(24, 16, small, { colorType: 0, depth: 2, interlaced: true, filter: 'all' }), 40],
  'a.gif': ['image/gif', makeGif(24, 16, small), 60],
  'a.bmp': ['image/bmp', makeBmp(24, 16, small), 40],
  'cmyk.jpg': ['image/jpeg', makeFlatJpeg([10, 20, 30, 40], 'Adobe'), 40],
  'os2.bmp': ['image/bmp', makeRareBmp(24, 16, small, 'os2'), 20],
  'rle8.bmp': ['image/bmp', makeRareBmp(24, 16, small, 'rle8'), 60],
  'rle4.bmp': ['image/bmp', makeRareBmp(24, 16, small, 'rle4'), 60],
  'masks.bmp': ['image/bmp', makeRareBmp(24, 16, small, 'masks'), 40],
  'a.heic': ['image/heic', makeHeif({ exif: makeTiffTags(6), thumbnail: { width: 4, height: 4 } }), 60],
  'a.avif': ['image/avif', makeHeif({ brand: 'avif', exif: makeTiffTags(6), order: 'last' }), 40],
  'a.tif': ['image/tiff', makeTiffTags(6, 'x', { width: 9, height: 9, below: { width: 90, height: 90 } }), 60],
  'palette.bmp': ['image/bmp', makeBmp(24, 16, small, 8), 40],
  'a.pdf': ['application/pdf', makePdf('/Title (A paper) /Author (Somebody)'), 30],
  'compressed.pdf': ['application/pdf', makeCompressedPdf('/Title (A paper) /Author (Somebody)'), 30],
  'a.mp3': ['audio/mpeg', makeMp3(5, { TIT2: 'Grüße', TPE1: 'Die Band', TYER: '1999' }), 40],
  'cover.mp3': ['audio/mpeg', makeMp3(5, { TIT2: 'Song' }, makeJpeg(24, 16, small)), 40],
  'adpcm.wav': ['audio/wav', makeAdpcm(4), 40],
  'a.aiff': ['audio/aiff', makeAiff(1, 'Name').subarray(0, 2_000), 40],
  'a.ogg': ['audio/ogg', await makeOgg(10_000), 30],
  'a.wav': ['audio/wav', makeWav(1).subarray(0, 2_000), 40],
  'a.mp4': ['video/mp4', await makeVideo(64, 36, { title: 'A film' }), 60],
  'a.flac': ['audio/flac', makeFlac(), 60],
  'fragments.mp4': ['video/mp4', await makeVideo(64, 36, { title: 'A film', fragmented: true }), 40],
  'reordered.mp4': ['video/mp4', await makeVideo(64, 36, { reordered: true }), 40],
  'a.webm': ['video/webm', await makeVideo(64, 36, { container: 'webm', title: 'A film' }), 40],
};

const renditions = ['thumb_120.jpg', 'image.jpg', 'document.pdf', 'audio.mp3', 'video_640.mp4', 'poster_640.jpg'];

interface TestSandbox {
  /** Uploads a file, and returns its id. */
  upload: (name: string, type: string, bytes: Uint8Array) => Promise<string>;
  send: (path: string, method?: string) => Promise<TestResponse>;
  printed: string[];
}

async function testSandbox(): Promise<TestSandbox> {
  const printed = captureConsole();
  const store = memoryStore();
  const sandbox = createSandbox({ store });
  const authorization = `Bearer ${(await tokenFor(sandbox, 'alice')).access_token}`;
  return {
    printed,
    async upload(name, type, bytes) {
      const head = `--b\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: ${type}\r\n\r\n`;
      const encoder = new TextEncoder();
      const body = new Blob([joined(encoder.encode(head), bytes, encoder.encode('\r\n--b--\r\n'))]).stream();
      const headers = { authorization, 'content-type': 'multipart/form-data; boundary=b' };
      const { result } = await fetchChecked(sandbox, { method: 'POST', path: '/v1/doc/upload', headers, body });
      const [id = ''] = Object.keys(Object(result));
      const kept =
        bytes.byteLength === 0
          ? new Uint8Array()
          : await new Response(store.readBlob(id, { start: 0, end: bytes.byteLength - 1 })).bytes();
      expect(Buffer.compare(kept, bytes)).toBe(0);
      return id;
    },
    send: (path, method = 'GET') =>
      fetchChecked(sandbox, { method, path: `/v1/doc${path && `/${path}`}`, headers: { authorization } }),
  };
}

/** Metadata values must be valid in JSON and not too long. */
function checkInfo({ status, result }: TestResponse): void {
  expect(status).toBe(200);
  expect(result).toMatchObject({ processing_status: expect.stringMatching(/^(ok|failed)$/) });
  const meta: Record<string, unknown> = Object(Object(result).meta);
  for (const value of Object.values(meta)) {
    expect(['string', 'number', 'boolean']).toContain(typeof value);
    expect(String(value).length).toBeLessThanOrEqual(1_000);
  }
}

describe('a damaged file', { timeout: fuzzTimeout }, () => {
  it.each(Object.entries(files))(
    'such as %s is stored, and described as far as it is readable',
    async (name, [type, bytes, runs]) => {
      const { upload, send, printed } = await testSandbox();
      await testProperty(runs, [damaged(bytes)], async (broken) => {
        const id = await upload(name, type, broken);
        checkInfo(await send(id));
        for (const rendition of renditions) {
          const { status, headers } = await send(`${id}/${rendition}`);
          expect([200, 404]).toContain(status);
          if (status === 200 && /jpg/.test(rendition)) expect(headers.get('content-type')).toBe('image/jpeg');
        }
        await send(id, 'DELETE');
      });
      expect(printed).toEqual([]);
    },
  );

  it.each(Object.entries(files))('such as %s, cut at every tenth, is stored', async (name, [type, bytes]) => {
    const { upload, send, printed } = await testSandbox();
    for (let tenth = 0; tenth < 10; tenth++) {
      const id = await upload(name, type, bytes.subarray(0, Math.floor((bytes.byteLength * tenth) / 10)));
      checkInfo(await send(id));
      for (const rendition of renditions) expect([200, 404]).toContain((await send(`${id}/${rendition}`)).status);
    }
    expect(printed).toEqual([]);
  });

  it('whose content does not match its type is stored', async () => {
    const { upload, send, printed } = await testSandbox();
    const kinds = Object.values(files);
    const type = fc.constantFrom(
      ...kinds.map(([kind]) => kind),
      'image/webp',
      'application/zip',
      'audio/ogg',
      'video/x-matroska',
      'image/svg+xml',
      'audio/flac',
    );
    const content = fc.oneof(fc.constantFrom(...kinds.map(([, bytes]) => bytes)), fc.uint8Array({ maxLength: 300 }));
    await testProperty(80, [type, content], async (kind, bytes) => {
      const id = await upload('a', kind, bytes);
      checkInfo(await send(id));
      for (const rendition of renditions) expect([200, 404]).toContain((await send(`${id}/${rendition}`)).status);
    });
    expect(printed).toEqual([]);
  });
});

describe('a zip archive', { timeout: fuzzTimeout }, () => {
  const zip = makeZip([
    { name: 'a.txt', content: Buffer.from('aaaa'.repeat(50)) },
    { name: 'dir/' },
    { name: 'dir/b.jpg', content: makeJpeg(8, 8, small) },
    { name: 'ü.txt', content: Buffer.from('x') },
  ]);

  async function checkExtract({ upload, send }: TestSandbox, bytes: Uint8Array): Promise<void> {
    const before = Object.keys(Object((await send('')).result)).length;
    const id = await upload('a.zip', 'application/zip', bytes);
    checkInfo(await send(id));
    const { status } = await send(`${id}/extract`, 'POST');
    expect([200, 400, 413]).toContain(status);
    const all = Object.keys(Object((await send('')).result));
    if (status !== 200) expect(all.length).toBe(before + 1);
    for (const one of all) await send(one, 'DELETE');
  }

  it('that is damaged is unpacked completely or not at all', async () => {
    const place = await testSandbox();
    await testProperty(120, [damaged(zip)], (broken) => checkExtract(place, broken));
    expect(place.printed).toEqual([]);
  });

  it('with wrong headers is unpacked completely or not at all', async () => {
    const place = await testSandbox();
    const name = fc.oneof(
      fc.constantFrom(
        'a.txt',
        '../a',
        '/etc/passwd',
        'C:\\a',
        'a\\b',
        '..',
        '.',
        '',
        'dir/',
        '\0',
        'a\u0000b',
        '__proto__',
      ),
      fc.string({ unit: 'binary' }),
      fc.uint8Array({ maxLength: 20 }),
      fc.nat(2_000).map((length) => 'x'.repeat(length)),
    );
    const entry = fc.record(
      {
        name,
        content: fc.uint8Array({ maxLength: 100 }),
        size: fc.oneof(fc.nat(200), fc.constantFrom(0xffffffff, 0x7fffffff)),
        crc: fc.nat(0xffffffff),
        encrypted: fc.boolean(),
        mode: fc.constantFrom(0, 0o100644, 0o120777, 0o040755, 0o060000, 0xffff),
        contentOf: fc.nat(3),
      },
      { requiredKeys: ['name'] },
    );
    await testProperty(120, [fc.array(entry, { maxLength: 4 })], async (entries) => {
      await checkExtract(place, makeZip(entries));
    });
    expect(place.printed).toEqual([]);
  });
});
