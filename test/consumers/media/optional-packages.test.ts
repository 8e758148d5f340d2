import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import jpeg from 'jpeg-js';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Rendition } from '../../../src/index.js';
import { makeHeif } from '../../fixtures/make-heif.js';
import { type Color, makeExif, makeJpeg, makePng, makeTiffTags, quarters } from '../../fixtures/make-image.js';
import { packedSandboxes } from './packed-sandboxes.js';

// Images that the sandbox decodes with optional packages.

const [plain, withSharp, withHeic] = await packedSandboxes([], ['sharp'], ['heic-decode']);
if (!plain || !withSharp || !withHeic) throw new Error('a sandbox is missing');

const colors: Color[] = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
];

/** The size of a JPEG and the colors of its quarters, rounded: top left, top right, bottom left, bottom right. */
function quartersOf(bytes: Uint8Array | undefined): { width: number; height: number; colors: Color[] } {
  if (!bytes) throw new Error('there is no rendition');
  const { width, height, data } = jpeg.decode(bytes, { useTArray: true });
  const at = (x: number, y: number): Color => {
    const offset = (Math.floor(y * height) * width + Math.floor(x * width)) * 4;
    const [red = 0, green = 0, blue = 0] = Array.from(data.subarray(offset, offset + 3), (value) =>
      value > 127 ? 255 : 0,
    );
    return [red, green, blue];
  };
  return { width, height, colors: [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)] };
}

const drawing = makePng(400, 200, quarters(400, 200));
const webp = await sharp(drawing).webp().toBuffer();
const avif = await sharp(drawing).avif().toBuffer();
const tiff = await sharp(drawing).tiff().toBuffer();
const turnedWebp = await sharp(drawing).withMetadata({ orientation: 6 }).webp().toBuffer();
const svg = (content: string, size = 'width="400" height="200"') =>
  new TextEncoder().encode(
    `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" ${size}>${content}</svg>`,
  );
const squares = svg(
  '<rect width="400" height="200" fill="#fff"/><rect width="200" height="100" fill="#f00"/>' +
    '<rect x="200" width="200" height="100" fill="#0f0"/><rect y="100" width="200" height="100" fill="#00f"/>',
);

/** An SVG whose text would have a billion letters, if its entities were expanded. */
function laughs(): Uint8Array {
  const names = [...'abcdefghij'];
  const entities = names.map((name, index) => {
    const value = index === 0 ? 'ha' : `&${names[index - 1]};`.repeat(10);
    return `<!ENTITY ${name} "${value}">`;
  });
  const root = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><text>&j;</text></svg>';
  return new TextEncoder().encode(`<!DOCTYPE svg [${entities.join('')}]>${root}`);
}

it('a sandbox says which packages it found', () => {
  expect(plain.served.decoders()).toEqual([
    { name: 'sharp', status: 'missing' },
    { name: 'heic-decode', status: 'missing' },
  ]);
  expect(withSharp.served.decoders()).toEqual([
    { name: 'sharp', status: 'found' },
    { name: 'heic-decode', status: 'missing' },
  ]);
  expect(withHeic.served.decoders()).toEqual([
    { name: 'sharp', status: 'missing' },
    { name: 'heic-decode', status: 'found' },
  ]);
});

describe('with sharp', () => {
  it.each<[string, Uint8Array]>([
    ['a.webp', webp],
    ['a.avif', avif],
    ['a.tif', tiff],
    ['a.svg', squares],
    ['a.jpg', makeJpeg(400, 200, quarters(400, 200))],
    ['a.png', drawing],
  ])('%s has thumbnails, and the same metadata as without it', async (name, bytes) => {
    const { id, meta } = await withSharp.upload(name, bytes);
    expect(meta).toMatchObject({ width: 400, height: 200 });
    expect(meta).toEqual((await plain.upload(name, bytes)).meta);
    for (const [rendition, width] of [
      ['thumb_120.jpg', 120],
      ['thumb_320.jpg', 320],
      ['image.jpg', 400],
    ] as const) {
      const picture = quartersOf(await withSharp.rendition(id, rendition));
      expect(picture).toEqual({ width, height: width / 2, colors });
    }
  });

  it.each<[string, Uint8Array]>([
    ['a.jpg', makeJpeg(400, 200, quarters(400, 200), makeExif(6))],
    ['a.webp', turnedWebp],
  ])('the thumbnail of %s follows the orientation', async (name, bytes) => {
    const { id } = await withSharp.upload(name, bytes);
    const turned = [colors[2], colors[0], colors[3], colors[1]];
    expect(quartersOf(await withSharp.rendition(id, 'thumb_120.jpg'))).toEqual({
      width: 60,
      height: 120,
      colors: turned,
    });
  });

  it('a small SVG is drawn in the size of the thumbnail', async () => {
    const small = svg('<rect width="9" height="9" fill="#f00"/>', 'width="16" height="16" viewBox="0 0 9 9"');
    const { id } = await withSharp.upload('icon.svg', small);
    expect(quartersOf(await withSharp.rendition(id, 'thumb_320.jpg'))).toMatchObject({ width: 320, height: 320 });
  });

  it('a camera RAW file has no thumbnail of its preview', async () => {
    const raw = makeTiffTags(1, 'x', { width: 8, height: 8, below: { width: 80, height: 80 } });
    const { id } = await withSharp.upload('a.nef', raw);
    expect(await withSharp.renditionsOf(id)).toEqual([]);
  });

  it.each<[string, Uint8Array]>([
    ['cut.webp', webp.subarray(0, 300)],
    ['cut.tif', tiff.subarray(0, 300)],
    ['huge.svg', svg('<rect width="1" height="1"/>', 'width="100000" height="100000"')],
    ['nested.svg', svg('<g>'.repeat(30_000) + '</g>'.repeat(30_000))],
    ['laughs.svg', laughs()],
  ])('%s is stored, and the sandbox serves the next file', async (name, bytes) => {
    const { id } = await withSharp.upload(name, bytes);
    expect(await withSharp.rendition(id, 'original')).toEqual(new Uint8Array(bytes));
    const renditions: Rendition[] = ['thumb_120.jpg', 'image.jpg'];
    for (const rendition of renditions) await withSharp.rendition(id, rendition);
    const next = await withSharp.upload('a.png', drawing);
    expect(quartersOf(await withSharp.rendition(next.id, 'thumb_120.jpg')).colors).toEqual(colors);
  });

  it('an SVG cannot make the sandbox fetch anything, or show its files', async () => {
    const requests: string[] = [];
    const server = createServer((request, response) => {
      requests.push(request.url ?? '');
      response.end(drawing);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const content = [
      `<image xlink:href="${base}/a.png" width="400" height="200"/>`,
      `<image href="${base}/b.png" width="400" height="200"/>`,
      `<image href="file://${import.meta.filename}" width="400" height="200"/>`,
      `<style>@import url("${base}/c.css"); rect { fill: url("${base}/d.svg#x") }</style>`,
      `<use href="${base}/e.svg#x"/>`,
    ].join('');
    const { id } = await withSharp.upload('a.svg', svg(content));
    const made = quartersOf(await withSharp.rendition(id, 'thumb_120.jpg'));
    server.close();
    expect(made.colors).toEqual([colors[3], colors[3], colors[3], colors[3]]);
    expect(requests).toEqual([]);
  });
});

describe('with heic-decode', () => {
  it('a HEIC has thumbnails', async () => {
    const { id, meta } = await withHeic.upload('a.heic', makeHeif({ exif: makeTiffTags(6) }));
    expect(meta).toMatchObject({ width: 64, height: 64, vendor: 'Leica', orientation: 6 });
    // the decoder rotates as the container says, and the EXIF orientation is not applied in addition
    expect(quartersOf(await withHeic.rendition(id, 'image.jpg'))).toEqual({ width: 64, height: 64, colors });
  });

  it('the thumbnail of a HEIC follows the rotation of its container', async () => {
    const { id } = await withHeic.upload('a.heic', makeHeif({ turns: 1 }));
    const turned = [colors[1], colors[3], colors[0], colors[2]];
    expect(quartersOf(await withHeic.rendition(id, 'thumb_120.jpg')).colors).toEqual(turned);
  });

  it('a HEIC that is cut off has no thumbnails, and the next one has', async () => {
    const whole = makeHeif();
    for (let tenth = 1; tenth < 10; tenth++) {
      const { id } = await withHeic.upload('a.heic', whole.subarray(0, Math.floor((whole.length * tenth) / 10)));
      await withHeic.rendition(id, 'thumb_120.jpg');
    }
    const { id } = await withHeic.upload('a.heic', whole);
    expect(quartersOf(await withHeic.rendition(id, 'thumb_120.jpg')).colors).toEqual(colors);
  });
});

it.each<[string, Uint8Array]>([
  ['a.webp', webp],
  ['a.avif', avif],
  ['a.tif', tiff],
  ['a.svg', squares],
  ['a.heic', makeHeif()],
])('without the packages, %s has metadata and no renditions', async (name, bytes) => {
  const { id, meta, processing_status } = await plain.upload(name, bytes);
  expect(processing_status).toBe('ok');
  expect(meta).toHaveProperty('width');
  expect(await plain.renditionsOf(id)).toEqual([]);
});
