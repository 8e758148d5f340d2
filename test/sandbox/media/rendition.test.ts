import { deflateSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { makeRenditions, recipeOf } from '../../../src/sandbox/media/rendition.js';
import { ascii, bytesOf, type WatchedBytes } from '../../fixtures/make-bytes.js';
import {
  type Color,
  makeBmp,
  makeExif,
  makeFlatJpeg,
  makeGif,
  makeJpeg,
  makePng,
  makeRareBmp,
  type Painting,
  pngChunk,
  quarters,
} from '../../fixtures/make-image.js';
import { makePdf } from '../../fixtures/make-pdf.js';
import { makeProfile } from '../../fixtures/make-profile.js';
import { makeMp3, makeVideo, makeWav } from '../../fixtures/make-sound.js';

type DecodedImage = { width: number; height: number; at(x: number, y: number): Color };

async function makeRendition(type: string, mediaType: string, bytes: WatchedBytes, name: string) {
  const recipe = recipeOf(mediaType, name);
  return recipe && (await makeRenditions(recipe, type, bytes)).get(name);
}

async function made(type: string, file: Uint8Array, rendition: string): Promise<DecodedImage> {
  const result = await makeRendition(type, 'image', bytesOf(file), rendition);
  if (result === undefined || result === 'identity') throw new Error(`expected ${rendition}, received ${result}`);
  expect(result.type).toBe('image/jpeg');
  const { width, height, data } = jpeg.decode(result.bytes, { useTArray: true });
  const at = (x: number, y: number): Color => {
    const offset = (y * width + x) * 4;
    return [data[offset] ?? -1, data[offset + 1] ?? -1, data[offset + 2] ?? -1];
  };
  return { width, height, at };
}

/** Compares colors with a tolerance, because JPEG is lossy. */
function near(actual: Color, expected: Color): void {
  for (const [index, value] of expected.entries())
    expect(Math.abs((actual[index] ?? -1000) - (value ?? 0))).toBeLessThan(12);
}

/** The colors of the four quarters: top left, top right, bottom left, bottom right. */
function corners({ width, height, at }: DecodedImage): Color[] {
  const [left, right, top, bottom] = [width >> 2, (width * 3) >> 2, height >> 2, (height * 3) >> 2];
  return [at(left, top), at(right, top), at(left, bottom), at(right, bottom)];
}

const red: Color = [255, 0, 0];
const green: Color = [0, 255, 0];
const blue: Color = [0, 0, 255];
const white: Color = [255, 255, 255];

describe('a thumbnail', () => {
  it.each([
    ['thumb_120.jpg', 120, 60],
    ['thumb_320.jpg', 320, 160],
  ])('%s has a longer edge of that many pixels', async (rendition, width, height) => {
    const image = await made('image/jpeg', makeJpeg(800, 400, quarters(800, 400)), rendition);
    expect(image).toMatchObject({ width, height });
    for (const [index, color] of [red, green, blue, white].entries()) near(corners(image)[index] ?? white, color);
  });

  it('is never larger than the original', async () => {
    const image = await made('image/png', makePng(50, 20, quarters(50, 20)), 'thumb_120.jpg');
    expect(image).toMatchObject({ width: 50, height: 20 });
  });

  it('of a thin line is at least one pixel high', async () => {
    expect(
      await made(
        'image/png',
        makePng(1000, 1, () => red),
        'thumb_120.jpg',
      ),
    ).toMatchObject({ width: 120, height: 1 });
  });

  it.each([
    [1, [red, green, blue, white]],
    [2, [green, red, white, blue]],
    [3, [white, blue, green, red]],
    [4, [blue, white, red, green]],
    [5, [red, blue, green, white]],
    [6, [blue, red, white, green]],
    [7, [white, green, blue, red]],
    [8, [green, white, red, blue]],
  ])('is rotated as EXIF orientation %i says', async (orientation, expected) => {
    const photo = makeJpeg(400, 200, quarters(400, 200), makeExif(orientation));
    const image = await made('image/jpeg', photo, 'thumb_120.jpg');
    expect(image).toMatchObject(orientation < 5 ? { width: 120, height: 60 } : { width: 60, height: 120 });
    for (const [index, color] of expected.entries()) near(corners(image)[index] ?? white, color);
  });

  it('averages the pixels of the original', async () => {
    const checkered: Painting = (x, y) => ((x + y) % 2 === 0 ? [0, 0, 0] : [255, 255, 255]);
    const image = await made('image/png', makePng(240, 240, checkered), 'thumb_120.jpg');
    near(image.at(60, 60), [128, 128, 128]);
  });

  it.each([2.5, 1.7, 1.3, 1.01])('averages the pixels of the original at a ratio of %f', async (ratio) => {
    // black and white columns, which are all the same share of each pixel: no ratio may favor one of them
    const edge = Math.round(120 * ratio);
    const striped: Painting = (x) => (x < edge / 2 ? [0, 0, 0] : [200, 200, 200]);
    const image = await made('image/png', makePng(edge, edge, striped), 'thumb_120.jpg');
    expect(image).toMatchObject({ width: 120, height: 120 });
    near(image.at(20, 60), [0, 0, 0]);
    near(image.at(100, 60), [200, 200, 200]);
    const slope: Painting = (x) => [(x * 255) / edge, (x * 255) / edge, (x * 255) / edge];
    const gradient = await made('image/png', makePng(edge, edge, slope), 'thumb_120.jpg');
    for (let x = 5; x < 115; x += 10) expect(Math.abs(gradient.at(x, 60)[0] - ((x + 0.5) * 255) / 120)).toBeLessThan(5);
  });

  it('has a white background where the image is transparent', async () => {
    const glass: Painting = (x) => (x < 50 ? [255, 0, 0, 0] : [255, 0, 0, 128]);
    const image = await made('image/png', makePng(100, 100, glass), 'thumb_120.jpg');
    near(image.at(20, 50), white);
    near(image.at(80, 50), [255, 127, 127]);
    const gif = await made(
      'image/gif',
      makeGif(100, 100, (x) => (x < 50 ? [0, 0, 0, 0] : red)),
      'thumb_120.jpg',
    );
    near(gif.at(20, 50), white);
    near(gif.at(80, 50), red);
  });

  it('of an animation shows the first frame, at its position on the screen', async () => {
    const frame = { width: 50, height: 30, left: 30, top: 20 };
    const file = makeGif(100, 100, () => blue, frame);
    const second = file.subarray(13 + 384, -1); // the first frame again, from behind the palette
    const image = await made('image/gif', Buffer.concat([file.subarray(0, -1), second, ascii(';')]), 'thumb_120.jpg');
    near(image.at(50, 35), blue);
    near(image.at(50, 60), white);
    near(image.at(15, 35), white);
  });

  it('is not made of a file that cannot be decoded', async () => {
    const files: [string, string, Uint8Array][] = [
      ['text/plain', 'document', ascii('hello')],
      ['audio/mpeg', 'audio', makeMp3(10)],
      ['image/webp', 'image', ascii('RIFF....WEBPVP8 and no decoder for it')],
    ];
    for (const [type, mediaType, file] of files) {
      expect(await makeRendition(type, mediaType, bytesOf(file), 'thumb_120.jpg')).toBeUndefined();
    }
  });
});

describe('image.jpg', () => {
  it('is the original if that is a JPEG', async () => {
    const photo = makeJpeg(40, 20, quarters(40, 20));
    expect(await makeRendition('image/jpeg', 'image', bytesOf(photo), 'image.jpg')).toBe('identity');
  });

  it.each([
    ['image/png', makePng(400, 200, quarters(400, 200))],
    ['image/gif', makeGif(400, 200, quarters(400, 200))],
    ['image/bmp', makeBmp(400, 200, quarters(400, 200))],
    ['image/bmp', makeBmp(400, 200, quarters(400, 200), 8)],
    ['image/bmp', makeBmp(400, 200, quarters(400, 200), 32)],
  ])('is made from %s in full size', async (type, file) => {
    const image = await made(type, file, 'image.jpg');
    expect(image).toMatchObject({ width: 400, height: 200 });
    for (const [index, color] of [red, green, blue, white].entries()) near(corners(image)[index] ?? white, color);
  });

  it.each(['os2', 'rle8', 'rle4', 'rgb555', 'rgb565', 'masks', 'top down', '4 bits'] as const)(
    'is made from a BMP of the form %s',
    async (form) => {
      const image = await made('image/bmp', makeRareBmp(42, 30, quarters(42, 30), form), 'image.jpg');
      for (const [index, color] of [red, green, blue, white].entries()) near(corners(image)[index] ?? white, color);
    },
  );

  it('is not made of a file that only has the type of a JPEG', async () => {
    expect(await makeRendition('image/jpeg', 'image', bytesOf(ascii('not at all')), 'image.jpg')).toBeUndefined();
  });
});

describe('a JPEG', () => {
  it.each<[string, Uint8Array, Color]>([
    ['red, green and blue, by its Adobe marker', makeFlatJpeg([250, 100, 20], 'Adobe'), [250, 100, 20]],
    ['red, green and blue, by the names of its channels', makeFlatJpeg([250, 100, 20], 'RGB'), [250, 100, 20]],
    ['cyan, magenta, yellow and black', makeFlatJpeg([255, 128, 0, 255], 'Adobe'), [255, 128, 0]],
  ])('is decoded with %s', async (_, file, color) => {
    near((await made('image/jpeg', file, 'thumb_120.jpg')).at(4, 4), color);
  });

  const photo = Buffer.from(makeJpeg(64, 64, quarters(64, 64)));
  const tables = photo.indexOf(Buffer.from([0xff, 0xdb]));
  it.each<[string, Uint8Array]>([
    ['bytes between its segments', Buffer.concat([photo.subarray(0, tables), ascii('junk'), photo.subarray(tables)])],
    [
      'an empty segment that is broken',
      Buffer.concat([photo.subarray(0, 2), Buffer.from([0xff, 0xe1, 0, 2, 1, 2]), photo.subarray(2)]),
    ],
    ['no end marker', photo.subarray(0, -2)],
    ['bytes behind its end', Buffer.concat([photo, ascii('a video of a phone')])],
  ])('is decoded with %s', async (_, file) => {
    const image = await made('image/jpeg', file, 'thumb_120.jpg');
    for (const [index, color] of [red, green, blue, white].entries()) near(corners(image)[index] ?? white, color);
  });

  it('has its colors converted from its ICC profile to sRGB', async () => {
    // a profile whose red and blue are swapped: red must become blue
    const file = makeJpeg(64, 64, () => red, makeProfile());
    near((await made('image/jpeg', file, 'thumb_120.jpg')).at(30, 30), blue);
  });
});

describe('a cover', () => {
  const cover = makeJpeg(800, 400, quarters(800, 400));

  it.each([
    ['thumb_120.jpg', 120, 60],
    ['thumb_320.jpg', 320, 160],
    ['poster_640.jpg', 640, 320],
  ])('of a song becomes %s', async (rendition, width, height) => {
    const song = makeMp3(20, { TIT2: 'Song' }, cover);
    const result = await makeRendition('audio/mpeg', 'audio', bytesOf(song), rendition);
    if (typeof result !== 'object') throw new Error('there is no rendition');
    expect(result.type).toBe('image/jpeg');
    expect(jpeg.decode(result.bytes)).toMatchObject({ width, height });
  });

  it('that is not an image becomes nothing', async () => {
    const song = makeMp3(20, {}, ascii('no image'));
    expect(await makeRendition('audio/mpeg', 'audio', bytesOf(song), 'thumb_120.jpg')).toBeUndefined();
  });

  it('does not exist in a song without one', async () => {
    expect(await makeRendition('audio/mpeg', 'audio', bytesOf(makeMp3(20)), 'poster_640.jpg')).toBeUndefined();
  });
});

describe('a PNG', () => {
  const gray = (color: Color): Color => [color[0], color[0], color[0]];
  const kinds = [0, 2, 4, 6].flatMap((colorType) =>
    (colorType === 0 ? [1, 2, 4, 8, 16] : [8, 16]).flatMap((depth) =>
      [false, true].map((interlaced) => ({ colorType, depth, interlaced })),
    ),
  );

  it.each(kinds)('is decoded with $depth bits of color type $colorType, interlaced: $interlaced', async (kind) => {
    const paint = quarters(37, 29); // not multiples of eight
    const image = await made('image/png', makePng(37, 29, paint, { ...kind, filter: 'all' }), 'image.jpg');
    const expected = [red, green, blue, white].map((color) => (kind.colorType % 4 === 0 ? gray(color) : color));
    for (const [index, color] of expected.entries()) near(corners(image)[index] ?? white, color);
  });

  it.each([1, 2, 4, 8])('is decoded with a palette of %i bits, including transparent entries', async (depth) => {
    const chunks = [pngChunk('PLTE', new Uint8Array([255, 0, 0, 0, 0, 255])), pngChunk('tRNS', new Uint8Array([0]))];
    const samples = (x: number) => [x < 30 ? 0 : 1];
    const file = makePng(61, 40, () => red, { colorType: 3, depth, chunks, samples });
    const image = await made('image/png', file, 'image.jpg');
    near(image.at(10, 20), white);
    near(image.at(50, 20), blue);
  });

  it('is decoded with one color that is transparent', async () => {
    const chunks = [pngChunk('tRNS', new Uint8Array([0, 255, 0, 0, 0, 0]))];
    const file = makePng(40, 40, (x) => (x < 20 ? red : blue), { colorType: 2, chunks });
    const image = await made('image/png', file, 'image.jpg');
    near(image.at(5, 20), white);
    near(image.at(35, 20), blue);
  });

  it.each([0, 1, 2, 3, 4])('is decoded with filter %i', async (filter) => {
    const slope: Painting = (x, y) => [x * 2, y * 3, x + y];
    const image = await made('image/png', makePng(80, 60, slope, { filter }), 'image.jpg');
    near(image.at(40, 30), [80, 90, 70]);
    near(image.at(70, 50), [140, 150, 120]);
  });
});

describe('a decompression bomb', () => {
  it.each([
    ['PNG', 'image/png', makePng(1, 1, () => red, { claims: { width: 100_000, height: 100_000 } })],
    ['GIF', 'image/gif', makeGif(8, 8, () => red, { width: 60_000, height: 60_000 })],
    [
      'BMP',
      'image/bmp',
      withSize(
        makeBmp(2, 2, () => red),
        60_000,
      ),
    ],
  ])('that declares too many pixels is not decoded: %s', async (_, type, file) => {
    const before = process.memoryUsage().rss;
    expect(await makeRendition(type, 'image', bytesOf(file), 'thumb_120.jpg')).toBeUndefined();
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });

  it('that declares too many pixels is not decoded: JPEG', async () => {
    const file = Buffer.from(makeJpeg(8, 8, () => red));
    const header = file.indexOf(Buffer.from([0xff, 0xc0]));
    expect(header).toBeGreaterThan(0);
    file.writeUInt16BE(60_000, header + 5);
    file.writeUInt16BE(60_000, header + 7);
    expect(await makeRendition('image/jpeg', 'image', bytesOf(file), 'thumb_120.jpg')).toBeUndefined();
  });

  it('with more data than pixels is inflated only as far as the pixels need', async () => {
    const file = Buffer.from(makePng(10, 10, () => red));
    const data = deflateSync(Buffer.alloc(200_000_000), { level: 9 });
    const bomb = Buffer.concat([
      file.subarray(0, 33),
      pngChunk('iCCP', Buffer.concat([ascii('profile\0\0'), data])),
      pngChunk('IDAT', data),
      file.subarray(33),
    ]);
    const before = process.memoryUsage().rss;
    expect(await made('image/png', bomb, 'image.jpg')).toMatchObject({ width: 10, height: 10 });
    expect(process.memoryUsage().rss - before).toBeLessThan(100_000_000);
  });

  it('with a thousand scans is not decoded', async () => {
    const file = Buffer.from(makeJpeg(8, 8, () => red));
    const scan = file.subarray(file.indexOf(Buffer.from([0xff, 0xda])), -2);
    const bomb = Buffer.concat([file.subarray(0, -2), ...Array<Buffer>(1000).fill(scan), file.subarray(-2)]);
    expect(await makeRendition('image/jpeg', 'image', bytesOf(bomb), 'thumb_120.jpg')).toBeUndefined();
  });

  it('that is larger than 32 MiB is not read', async () => {
    const bytes = bytesOf(Buffer.concat([makePng(10, 10, () => red), Buffer.alloc(33 * 1024 * 1024)]), 1024 * 1024);
    expect(await makeRendition('image/png', 'image', bytes, 'thumb_120.jpg')).toBeUndefined();
    expect(bytes.requested.total).toBeLessThan(10_000_000);
  });
});

describe('a damaged image', () => {
  const noise: Painting = (x, y) => [(x * 73 + y * 151) % 128, (x * y) % 128, 0];
  const files: [string, Uint8Array][] = [
    ['image/jpeg', makeJpeg(64, 64, noise)],
    ['image/png', makePng(64, 64, noise)],
    ['image/gif', makeGif(64, 64, (x, y) => [(x * 73 + y * 151) % 100, 0, 0])],
    ['image/bmp', makeBmp(64, 64, noise)],
  ];

  it.each(files)('has no renditions if it is truncated: %s', async (type, file) => {
    expect(await makeRendition(type, 'image', bytesOf(file), 'thumb_120.jpg')).toBeDefined();
    for (const share of [0.05, 0.3, 0.6, 0.9]) {
      const cut = file.subarray(0, Math.floor(file.byteLength * share));
      expect(await makeRendition(type, 'image', bytesOf(cut), 'thumb_120.jpg'), `${share}`).toBeUndefined();
    }
  });

  it.each(files)('never makes the sandbox throw: %s', async (type, file) => {
    for (let round = 0; round < 60; round++) {
      const broken = Buffer.from(file);
      for (let index = 0; index < 5; index++)
        broken[(round * 7919 + index * 104_729) % broken.length] = round * 37 + index;
      const rendition = await makeRendition(type, 'image', bytesOf(broken), 'thumb_120.jpg');
      expect(rendition === undefined || typeof rendition === 'object').toBe(true);
    }
  });
});

describe('the original', () => {
  it('is the document.pdf of a PDF', async () => {
    const file = bytesOf(makePdf('/Title (x)'));
    expect(await makeRendition('application/pdf', 'document', file, 'document.pdf')).toBe('identity');
    expect(
      await makeRendition('application/msword', 'document', bytesOf(ascii('text')), 'document.pdf'),
    ).toBeUndefined();
  });

  it('is the audio.mp3 of an MP3, but not of other audio files', async () => {
    expect(await makeRendition('audio/mpeg', 'audio', bytesOf(makeMp3(20)), 'audio.mp3')).toBe('identity');
    expect(await makeRendition('audio/wav', 'audio', bytesOf(makeWav(1)), 'audio.mp3')).toBeUndefined();
    expect(await makeRendition('audio/mpeg', 'audio', bytesOf(ascii('no sound')), 'audio.mp3')).toBeUndefined();
  });

  it.each([
    [320, 180, 'identity', undefined],
    [640, 360, 'identity', undefined],
    [480, 848, undefined, 'identity'],
    [1280, 720, undefined, 'identity'],
    [1920, 1080, undefined, undefined],
  ])('is the video rendition that fits its size: %i x %i', async (width, height, small, large) => {
    const file = bytesOf(await makeVideo(width, height));
    expect(await makeRendition('video/mp4', 'video', file, 'video_640.mp4')).toBe(small);
    expect(await makeRendition('video/mp4', 'video', file, 'video_1280.mp4')).toBe(large);
  });

  it('is not a video rendition if its container is not MP4', async () => {
    const file = bytesOf(await makeVideo(640, 360, { container: 'webm' }));
    expect(await makeRendition('video/webm', 'video', file, 'video_640.mp4')).toBeUndefined();
  });

  it('is never a poster', async () => {
    const file = bytesOf(await makeVideo(640, 360));
    expect(await makeRendition('video/mp4', 'video', file, 'poster_640.jpg')).toBeUndefined();
  });
});

function withSize(bmp: Uint8Array, edge: number): Uint8Array {
  const file = Buffer.from(bmp);
  file.writeInt32LE(edge, 18);
  file.writeInt32LE(edge, 22);
  return file;
}
