import { expect, it } from 'vitest';
import { readMeta } from '../../../../src/sandbox/media/meta.js';
import { UnreadableMedia } from '../../../../src/sandbox/media/reading/unreadable-media.js';
import { ascii, bytesOf } from '../../../fixtures/make-bytes.js';
import { makeMp3, makeVideo, makeWav } from '../../../fixtures/make-sound.js';

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
])('rejects a file that is not %s', async (type, mediaType) => {
  await expect(readMeta(type, mediaType, bytesOf(ascii('nothing to hear here '.repeat(50))))).rejects.toThrow(
    UnreadableMedia,
  );
  await expect(readMeta(type, mediaType, bytesOf(new Uint8Array()))).rejects.toThrow(UnreadableMedia);
});

it('rejects a video that ends before its tracks are described', async () => {
  const file = await makeVideo(640, 360);
  await expect(readMeta('video/mp4', 'video', bytesOf(file.subarray(0, 60)))).rejects.toThrow(UnreadableMedia);
});

it('returns no metadata for formats that it cannot read', async () => {
  expect(await readMeta('audio/midi', 'audio', bytesOf(ascii('MThd and so on')))).toEqual({});
});
