import { describe, expect, it } from 'vitest';
import { readMeta } from '../../../../src/sandbox/media/meta.js';
import { UnreadableMedia } from '../../../../src/sandbox/media/reading/unreadable-media.js';
import { ascii, bytesOf } from '../../../fixtures/make-bytes.js';
import { makeAdpcm, makeAiff, makeMp3, makeOgg, makeVideo, makeWav } from '../../../fixtures/make-sound.js';

const tags = { TIT2: 'Für Elise', TPE1: 'Bagatelle №25', TALB: 'Nachlass', TYER: '1867', TCON: 'Classical' };
const known = { title: 'Für Elise', artist: 'Bagatelle №25', album: 'Nachlass', year: '1867', genre: 'Classical' };

it('reads title, artist, album, year, genre and duration of an MP3', async () => {
  const meta = await readMeta('audio/mpeg', 'audio', bytesOf(makeMp3(100, tags)));
  expect(meta).toEqual({ ...known, duration: expect.closeTo((100 * 1152) / 44_100, 1) });
});

it('reads the duration of an audio file without tags', async () => {
  expect(await readMeta('audio/wav', 'audio', bytesOf(makeWav(3)))).toEqual({ duration: 3 });
});

it('reads only small parts of a large audio file', async () => {
  const bytes = bytesOf(makeMp3(20_000, tags), 64 * 1024);
  expect(bytes.size).toBeGreaterThan(8_000_000);
  expect(await readMeta('audio/mpeg', 'audio', bytes)).toMatchObject(known);
  expect(bytes.requested.total).toBeLessThan(1_000_000);
});

it('reads dimensions, duration, title and author of a video', async () => {
  const file = await makeVideo(1280, 720, { title: 'Arrival of a Train' });
  expect(await readMeta('video/mp4', 'video', bytesOf(file))).toEqual({
    width: 1280,
    height: 720,
    title: 'Arrival of a Train',
    author: 'Lumière',
    rotation: '0',
    duration: 2,
    definition: 'hd',
  });
  const small = await makeVideo(320, 240, { container: 'webm' });
  expect(await readMeta('video/webm', 'video', bytesOf(small))).toMatchObject({ width: 320, definition: 'sd' });
});

it('reads the dimensions of a video after rotation', async () => {
  const file = await makeVideo(640, 360, { rotation: 90 });
  const meta = await readMeta('video/mp4', 'video', bytesOf(file));
  expect(meta).toMatchObject({ width: 360, height: 640, rotation: '90' });
});

it.each([
  ['audio/mpeg', 'audio'],
  ['video/mp4', 'video'],
] as const)('rejects a file that is not %s', async (type, mediaType) => {
  await expect(readMeta(type, mediaType, bytesOf(ascii('nothing to hear here '.repeat(50))))).rejects.toThrow(
    UnreadableMedia,
  );
  await expect(readMeta(type, mediaType, bytesOf(new Uint8Array()))).rejects.toThrow(UnreadableMedia);
});

it('rejects a video that ends before its tracks are described', async () => {
  const file = await makeVideo(640, 360);
  await expect(readMeta('video/mp4', 'video', bytesOf(file.subarray(0, 60)))).rejects.toThrow(UnreadableMedia);
});

describe('the tags and the duration of an audio file are read from', () => {
  it('an Ogg file with comments over several pages', async () => {
    const meta = await readMeta('audio/ogg', 'audio', bytesOf(await makeOgg(200_000)));
    expect(meta).toEqual({ title: 'Title', artist: 'Artist', duration: expect.closeTo(2, 1) });
  });

  it('a WAV file with ADPCM', async () => {
    const meta = await readMeta('audio/wav', 'audio', bytesOf(makeAdpcm(32)));
    expect(meta).toEqual({ duration: expect.closeTo((32 * 505) / 8000, 1) });
  });

  it('an AIFF file', async () => {
    const meta = await readMeta('audio/aiff', 'audio', bytesOf(makeAiff(3, 'Name')));
    expect(meta).toEqual({ title: 'Name', duration: 3 });
  });

  it('tags in UTF-8 where the format has Latin-1', async () => {
    const mistaken = Buffer.from('Mädchen').toString('latin1');
    const meta = await readMeta('audio/mpeg', 'audio', bytesOf(makeMp3(20, { TIT2: mistaken, TALB: 'Für' })));
    expect(meta).toMatchObject({ title: 'Mädchen', album: 'Für' });
  });
});

describe('a value that cannot be true is left out:', () => {
  it.each(['0', '0000', '99999', 'NaN', '20', '-100', 'MMXX'])('the year %s', async (TYER) => {
    const meta = await readMeta('audio/mpeg', 'audio', bytesOf(makeMp3(20, { TIT2: 'Title', TYER })));
    expect(meta).toMatchObject({ title: 'Title' });
    expect(meta).not.toHaveProperty('year');
  });

  it.each([
    ['1999', '1999'],
    ['1999-12-31', '1999'],
  ])('but not the year %s', async (TDRC, year) => {
    expect(await readMeta('audio/mpeg', 'audio', bytesOf(makeMp3(20, { TDRC })))).toMatchObject({ year });
  });

  it('the day and the month of TDAT are not a year', async () => {
    expect(await readMeta('audio/mpeg', 'audio', bytesOf(makeMp3(20, { TDAT: '2512' })))).not.toHaveProperty('year');
  });

  it('a duration of years in a film of a few kilobytes', async () => {
    const film = Buffer.from(await makeVideo(64, 36));
    for (const name of ['mvhd', 'tkhd', 'mdhd']) {
      const at = film.indexOf(name);
      expect(at).toBeGreaterThan(0);
      film.fill(0x7f, at + (name === 'tkhd' ? 24 : 20), at + (name === 'tkhd' ? 28 : 24));
    }
    const meta = await readMeta('video/mp4', 'video', bytesOf(film));
    expect(meta).toMatchObject({ width: 64, height: 36 });
    expect(meta.duration ?? 0).toBeLessThan(film.length);
  });
});

it.each([
  ['control characters', 'a\u0001b\u001b[31mc\r\nd', 'a b [31mc d'],
  ['a NUL', 'title\0and the rest', 'title'],
  ['a million characters', 'x'.repeat(1_000_000), 'x'.repeat(1000)],
  ['half of a character', 'x\ud83d', 'x\ufffd'],
])('a title with %s is made harmless', async (_, TIT2, title) => {
  expect(await readMeta('audio/mpeg', 'audio', bytesOf(makeMp3(20, { TIT2 })))).toMatchObject({ title });
});

it('returns no metadata for formats that it cannot read', async () => {
  expect(await readMeta('audio/midi', 'audio', bytesOf(ascii('MThd and so on')))).toEqual({});
});
