import { describe, expect, it } from 'vitest';
import { readMeta } from '../../../../src/sandbox/media/meta.js';
import { UnreadableMedia } from '../../../../src/sandbox/media/reading/unreadable-media.js';
import { ascii, bytesOf } from '../../../fixtures/make-bytes.js';
import { heifEdge, makeHeif } from '../../../fixtures/make-heif.js';
import {
  makeBmp,
  makeExif,
  makeGif,
  makeJpeg,
  makePng,
  makeRareBmp,
  makeTiffTags,
  pngChunk,
  quarters,
} from '../../../fixtures/make-image.js';

const paint = quarters(40, 24);

it('reads the dimensions of an image in each format', async () => {
  const images = {
    'image/jpeg': makeJpeg(40, 24, paint),
    'image/png': makePng(40, 24, paint),
    'image/gif': makeGif(40, 24, paint),
    'image/bmp': makeBmp(40, 24, paint),
  };
  for (const [type, file] of Object.entries(images)) {
    expect(await readMeta(type, 'image', bytesOf(file)), type).toEqual({ width: 40, height: 24 });
  }
});

it('reads the EXIF data of a photo', async () => {
  const photo = makeJpeg(40, 24, paint, makeExif(6));
  expect(await readMeta('image/jpeg', 'image', bytesOf(photo))).toEqual({
    width: 40,
    height: 24,
    orientation: '6',
    iso: '400',
    flash: true,
    vendor: 'Leica',
    model: 'M (Typ 240)',
    gps_latitude: expect.stringMatching(/^22\.951666/),
    gps_latitude_reference: 'S',
    gps_longitude: expect.stringMatching(/^43\.21/),
    gps_longitude_reference: 'W',
    gps_altitude: '-12.5',
  });
});

describe('EXIF data', () => {
  const camera = { vendor: 'Leica', model: 'M (Typ 240)', iso: '400', gps_latitude_reference: 'S', orientation: '6' };
  const tags = makeTiffTags(6);
  const chunk = Buffer.concat([ascii('Exif\0\0'), tags, new Uint8Array(tags.length % 2)]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(chunk.length);
  // a VP8X header of 40 x 24 pixels, and no pixels
  const webpBody = Buffer.concat([
    ascii('WEBPVP8X'),
    Buffer.from([10, 0, 0, 0, 8, 0, 0, 0, 39, 0, 0, 23, 0, 0]),
    ascii('EXIF'),
    size,
    chunk,
  ]);
  const webpSize = Buffer.alloc(4);
  webpSize.writeUInt32LE(webpBody.length);

  it.each<[string, Uint8Array]>([
    ['image/heic', makeHeif({ exif: tags })],
    ['image/avif', makeHeif({ brand: 'avif', exif: tags, order: 'last' })],
    ['image/webp', Buffer.concat([ascii('RIFF'), webpSize, webpBody])],
    ['image/png', makePng(40, 24, paint, { chunks: [pngChunk('eXIf', tags)] })],
    ['image/tiff', makeTiffTags(6, 'Leica', { width: 40, height: 24 })],
  ])('is read from %s', async (type, file) => {
    expect(await readMeta(type, 'image', bytesOf(file))).toMatchObject(camera);
  });

  it('is read behind a large picture', async () => {
    const file = Buffer.from(makeHeif({ exif: tags, order: 'last' }));
    expect(await readMeta('image/heic', 'image', bytesOf(file, 7))).toMatchObject(camera);
  });

  // cameras fill fields of a fixed length
  it('ends a text at its first NUL, and has no control characters in it', async () => {
    const photo = makeJpeg(40, 24, paint, makeExif(1, ' NIKON\u0007CORP \0rest of an older text'));
    expect(await readMeta('image/jpeg', 'image', bytesOf(photo))).toMatchObject({ vendor: 'NIKON CORP' });
  });

  it('has no place that is not on the globe', async () => {
    const photo = Buffer.from(makeJpeg(40, 24, paint, makeExif(1)));
    const degrees = photo.indexOf(Buffer.from([0, 0, 0, 22, 0, 0, 0, 1]));
    photo.writeUInt32BE(1000, degrees);
    const meta = await readMeta('image/jpeg', 'image', bytesOf(photo));
    expect(meta).not.toHaveProperty('gps_latitude');
    expect(meta).toMatchObject({ vendor: 'Leica', gps_longitude_reference: 'W' });
  });
});

describe('dimensions', () => {
  it.each(['os2', 'rle8', 'rle4', 'rgb555', 'rgb565', 'masks', 'top down', '1 bit', '4 bits'] as const)(
    'are read from a BMP of the form %s',
    async (form) => {
      const file = makeRareBmp(40, 24, (x) => (x < 20 ? [255, 0, 0] : [0, 0, 255]), form);
      expect(await readMeta('image/bmp', 'image', bytesOf(file))).toEqual({ width: 40, height: 24 });
    },
  );

  it('of a HEIC are those of the main picture, before it is rotated', async () => {
    const file = makeHeif({ thumbnail: { width: 16, height: 8 }, turns: 1 });
    expect(await readMeta('image/heic', 'image', bytesOf(file))).toEqual({ width: heifEdge, height: heifEdge });
  });

  it('of a camera RAW file are those of the picture, not of the thumbnail', async () => {
    const raw = makeTiffTags(1, 'NIKON', { width: 160, height: 120, below: { width: 6000, height: 4000 } });
    expect(await readMeta('image/x-nikon-nef', 'image', bytesOf(raw))).toMatchObject({ width: 6000, height: 4000 });
  });
});

it('reads the dimensions of a photo whose EXIF data is damaged', async () => {
  const exif = makeExif(6).fill(0xee, 20);
  const meta = await readMeta('image/jpeg', 'image', bytesOf(makeJpeg(40, 24, paint, exif)));
  expect(meta).toMatchObject({ width: 40, height: 24 });
  expect(meta).not.toHaveProperty('vendor');
});

it('reads only the first bytes of a large file', async () => {
  const file = Buffer.concat([makePng(40, 24, paint), Buffer.alloc(5_000_000)]);
  const bytes = bytesOf(file, 64 * 1024);
  expect(await readMeta('image/png', 'image', bytes)).toEqual({ width: 40, height: 24 });
  expect(bytes.requested.total).toBeLessThan(300_000);
});

it('finds the dimensions after a long color profile', async () => {
  const segment = Buffer.alloc(2 + 0xffff, 0x11);
  segment.set([0xff, 0xe2, 0xff, 0xff]);
  const jpeg = makeJpeg(40, 24, paint, Buffer.concat(Array<Buffer>(6).fill(segment)));
  expect(await readMeta('image/jpeg', 'image', bytesOf(jpeg, 64 * 1024))).toEqual({ width: 40, height: 24 });
});

describe('a file whose content does not match its type', () => {
  it.each([
    ['text', 'image/png', ascii('this is not an image, and never was one')],
    ['another format', 'image/png', makeJpeg(40, 24, paint)],
    ['an empty file', 'image/jpeg', new Uint8Array()],
    ['a truncated header', 'image/png', makePng(40, 24, paint).subarray(0, 12)],
    ['an image with zero pixels', 'image/png', makePng(1, 1, paint, { claims: { width: 0, height: 0 } })],
  ])('is rejected: %s', async (_, type, file) => {
    await expect(readMeta(type, 'image', bytesOf(file))).rejects.toThrow(UnreadableMedia);
  });
});

it('returns no metadata for an unknown image format, and does not reject it', async () => {
  expect(await readMeta('image/x-portrait', 'image', bytesOf(ascii('pixels')))).toEqual({});
});

it('returns no metadata for other types of files', async () => {
  expect(await readMeta('text/plain', 'document', bytesOf(ascii('hello')))).toEqual({});
  expect(await readMeta('application/octet-stream', 'unknown', bytesOf(new Uint8Array()))).toEqual({});
});
