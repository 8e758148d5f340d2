import { describe, expect, it } from 'vitest';
import { readMeta } from '../../../../src/sandbox/media/meta.js';
import { UnreadableMedia } from '../../../../src/sandbox/media/reading/unreadable-media.js';
import { ascii, bytesOf } from '../../../fixtures/make-bytes.js';
import { makeBmp, makeExif, makeGif, makeJpeg, makePng, quarters } from '../../../fixtures/make-image.js';

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
