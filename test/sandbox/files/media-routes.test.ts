import jpeg from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { ApiClient, NotFoundError, ProcessingError, type Rendition, renditions } from '../../../src/index.js';
import { type Color, makeExif, makeJpeg, makePng, quarters } from '../../fixtures/make-image.js';
import { makePdf } from '../../fixtures/make-pdf.js';
import { makeMp3, makeVideo } from '../../fixtures/make-sound.js';
import { makeZip } from '../../fixtures/make-zip.js';
import { served, tokenFor } from '../../support/sandbox.js';
import { servedForTest } from '../../support/scripted-server.js';

// The metadata and renditions of real files, over HTTP.

const { url, sandbox } = await served();
const token = await tokenFor(sandbox, 'alice', undefined, url);
const alice = new ApiClient({ token, baseUrl: `${url}/v1`, retry: false });
const bob = new ApiClient({
  token: await tokenFor(sandbox, 'bob', undefined, url),
  baseUrl: `${url}/v1`,
  retry: false,
});
const authorized = { authorization: `Bearer ${token.access_token}` };

const file = (bytes: Uint8Array, name: string, type: string) => new File([new Uint8Array(bytes)], name, { type });

const photo = makeJpeg(400, 300, quarters(400, 300));
const turned = makeJpeg(400, 300, quarters(400, 300), makeExif(6));
const drawing = makePng(500, 250, quarters(500, 250));
const song = makeMp3(200, { TIT2: 'Grüße', TPE1: 'Die Band', TALB: 'Das Album', TYER: '1999', TCON: 'Pop' });
const paper = makePdf('/Title (A paper) /Author (Somebody)');
const film = await makeVideo(640, 360, { title: 'A film' });
const filmInHd = await makeVideo(1280, 720);
const smallFilm = await makeVideo(320, 240);
const archive = makeZip([{ name: 'a.txt', content: Buffer.from('aaaa') }, { name: 'dir/' }, { name: 'dir/b.txt' }]);

async function upload(bytes: Uint8Array, name: string, type: string): Promise<string> {
  return (await alice.files.upload(file(bytes, name, type))).id;
}

function get(id: string, rendition: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(`${url}/v1/doc/${id}/${rendition}`, { method, headers: { ...authorized, ...headers } });
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

/** Returns the unparsed result of a request, because the client converts some strings in `meta` to numbers. */
async function resultOf(path: string): Promise<Record<string, Record<string, unknown>>> {
  return (await (await fetch(`${url}/v1/doc${path}`, { headers: authorized })).json()).result;
}

async function pictureOf(response: Response) {
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  return jpeg.decode(await bytesOf(response));
}

/** Returns the color in the middle of a quarter. Rounds each channel to 0 or 255. */
function quarterColor(picture: { width: number; height: number; data: Uint8Array }, right: boolean, below: boolean) {
  const x = Math.floor(picture.width * (right ? 0.75 : 0.25));
  const y = Math.floor(picture.height * (below ? 0.75 : 0.25));
  return [...picture.data.slice((y * picture.width + x) * 4).subarray(0, 3)].map((value) => (value > 127 ? 255 : 0));
}

async function expectNotFound(response: Response): Promise<void> {
  expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/json']);
  expect(await response.json()).toEqual({ error: { code: 404, message: 'Not Found' }, result: null });
}

describe('the metadata of a real file', () => {
  const files: [name: string, type: string, bytes: Uint8Array, mediaType: string, meta: Record<string, unknown>][] = [
    ['photo.jpg', 'image/jpeg', photo, 'image', { width: 400, height: 300 }],
    [
      'turned.jpg',
      'image/jpeg',
      turned,
      'image',
      { width: 400, height: 300, orientation: '6', iso: '400', vendor: 'Leica', gps_latitude_reference: 'S' },
    ],
    ['drawing.png', 'image/png', drawing, 'image', { width: 500, height: 250 }],
    [
      'song.mp3',
      'audio/mpeg',
      song,
      'audio',
      { title: 'Grüße', artist: 'Die Band', album: 'Das Album', year: '1999', genre: 'Pop' },
    ],
    ['paper.pdf', 'application/pdf', paper, 'document', { title: 'A paper', author: 'Somebody' }],
    ['archive.zip', 'application/zip', archive, 'archive', { encrypted: false, numFiles: 2, bytesUncomp: 4 }],
    ['film.mp4', 'video/mp4', film, 'video', { width: 640, title: 'A film' }],
  ];

  it.each(files)('is in the info of %s, and in the list if it is requested', async (name, type, bytes, kind, meta) => {
    const id = await upload(bytes, name, type);
    const info = await resultOf(`/${id}`);
    expect(info).toMatchObject({ media_type: kind, processing_status: 'ok', size: bytes.byteLength, meta });
    for (const query of ['?include_meta=true', '?include_meta', '?include_meta=1']) {
      expect((await resultOf(query))[id]?.meta, query).toEqual(info.meta);
    }
    for (const query of ['', '?include_meta=false', '?include_meta=0']) {
      expect((await resultOf(query))[id]?.meta, query).toEqual({});
    }
  });

  it.each(files)('is the same if %s is uploaded without a type', async (name, _type, bytes, kind, meta) => {
    const id = await upload(bytes, name, 'application/octet-stream');
    expect(await resultOf(`/${id}`)).toMatchObject({ media_type: kind, processing_status: 'ok', meta });
  });

  it('is copied by clone', async () => {
    const copy = await alice.files.clone(await upload(turned, 'turned.jpg', 'image/jpeg'));
    expect(await resultOf(`/${copy}`)).toMatchObject({ meta: { width: 400, height: 300, orientation: '6' } });
    expect(quarterColor(await pictureOf(await get(copy, 'thumb_120.jpg')), true, false)).toEqual([255, 0, 0]);
  });
});

describe('a thumbnail', () => {
  it.each([
    ['thumb_120.jpg', 120, 90],
    ['thumb_320.jpg', 320, 240],
  ])('%s of a photo is a JPEG of that edge', async (rendition, width, height) => {
    const picture = await pictureOf(await get(await upload(photo, 'photo.jpg', 'image/jpeg'), rendition));
    expect([picture.width, picture.height]).toEqual([width, height]);
    expect(quarterColor(picture, false, false)).toEqual([255, 0, 0]);
    expect(quarterColor(picture, true, true)).toEqual([255, 255, 255]);
  });

  it('is rotated by the EXIF orientation of the photo', async () => {
    const picture = await pictureOf(await get(await upload(turned, 'turned.jpg', 'image/jpeg'), 'thumb_120.jpg'));
    expect([picture.width, picture.height]).toEqual([90, 120]);
    expect(quarterColor(picture, true, false)).toEqual([255, 0, 0]); // the top left quarter has moved to the top right
  });

  it('of a PNG is a JPEG with a white background', async () => {
    const glass = makePng(200, 100, (): Color => [0, 0, 0, 0]);
    const picture = await pictureOf(await get(await upload(glass, 'glass.png', 'image/png'), 'thumb_120.jpg'));
    expect([picture.width, picture.height]).toEqual([120, 60]);
    expect(quarterColor(picture, false, false)).toEqual([255, 255, 255]);
  });

  it('supports Range, If-None-Match and HEAD', async () => {
    const id = await upload(photo, 'photo.jpg', 'image/jpeg');
    const whole = await get(id, 'thumb_320.jpg');
    const tag = whole.headers.get('etag') ?? '';
    const bytes = await bytesOf(whole);
    expect(whole.headers.get('content-length')).toBe(String(bytes.byteLength));
    const part = await get(id, 'thumb_320.jpg', { range: 'bytes=10-19', 'if-range': tag });
    expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.byteLength}`]);
    expect(await bytesOf(part)).toEqual(bytes.slice(10, 20));
    const last = await get(id, 'thumb_320.jpg', { range: 'bytes=-2' });
    expect([...(await bytesOf(last))]).toEqual([0xff, 0xd9]);
    const beyond = await get(id, 'thumb_320.jpg', { range: `bytes=${bytes.byteLength}-` });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${bytes.byteLength}`]);
    const known = await get(id, 'thumb_320.jpg', { 'if-none-match': `"other", W/${tag}` });
    expect([known.status, await known.text(), known.headers.get('etag')]).toEqual([304, '', tag]);
    const head = await get(id, 'thumb_320.jpg', {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), head.headers.get('etag'), await head.text()]).toEqual([
      200,
      String(bytes.byteLength),
      tag,
      '',
    ]);
  });

  it('has a different entity tag than the other size, the full image and the original', async () => {
    const id = await upload(drawing, 'drawing.png', 'image/png');
    const tags = [];
    for (const rendition of ['thumb_120.jpg', 'thumb_320.jpg', 'image.jpg', 'original']) {
      const response = await get(id, rendition);
      await response.body?.cancel();
      tags.push(response.headers.get('etag'));
    }
    expect(new Set(tags).size).toBe(4);
    expect(tags).not.toContain(null);
  });

  it('is of the right file in each of a hundred concurrent requests', async () => {
    const colors: Color[] = Array.from({ length: 20 }, (_, index) => [
      index & 1 ? 255 : 0,
      index & 2 ? 255 : 0,
      index & 4 ? 255 : 0,
    ]);
    const ids = await Promise.all(
      colors.map((color, index) =>
        upload(
          makePng(300 + index, 200, () => color),
          `${index}.png`,
          'image/png',
        ),
      ),
    );
    const indexes = Array.from({ length: 100 }, (_, index) => index % ids.length);
    const pictures = await Promise.all(
      indexes.map(async (index) => pictureOf(await get(ids[index] ?? '', 'thumb_120.jpg'))),
    );
    for (const [at, index] of indexes.entries()) {
      const picture = pictures[at];
      if (!picture) throw new Error('a response is missing');
      expect(picture.width).toBe(120);
      expect(quarterColor(picture, false, false)).toEqual(colors[index]?.slice(0, 3));
    }
  });
});

describe('a rendition that is the original', () => {
  const cases: [rendition: Rendition, name: string, uploadedAs: string, type: string, bytes: Uint8Array][] = [
    ['image.jpg', 'photo.jpg', 'image/jpeg', 'image/jpeg', photo],
    ['image.jpg', 'photo.jpg', 'image/jpg', 'image/jpeg', photo],
    ['audio.mp3', 'song.mp3', 'audio/mpeg', 'audio/mpeg', song],
    ['audio.mp3', 'song.mp3', 'audio/mp3', 'audio/mpeg', song],
    ['document.pdf', 'paper.pdf', 'application/pdf', 'application/pdf', paper],
    ['document.pdf', 'paper.pdf', 'text/html', 'application/pdf', paper],
    ['video_640.mp4', 'film.mp4', 'video/mp4', 'video/mp4', film],
    ['video_1280.mp4', 'film.mp4', 'video/mp4', 'video/mp4', filmInHd],
  ];

  it.each(cases)('is %s of a %s uploaded as %s: it has the type %s and the same bytes', async (rendition, ...rest) => {
    const [name, uploadedAs, type, bytes] = rest;
    const id = await upload(bytes, name, uploadedAs);
    const response = await get(id, rendition);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    expect(await bytesOf(response)).toEqual(new Uint8Array(bytes));
  });

  it('plays in a player that has only a URL and requests ranges', async () => {
    const id = await upload(song, 'song.mp3', 'audio/mpeg');
    const audioUrl = alice.files.url(id, 'audio.mp3');
    const first = await fetch(audioUrl, { headers: { range: 'bytes=0-1' } });
    expect([first.status, first.headers.get('content-range')]).toEqual([206, `bytes 0-1/${song.byteLength}`]);
    const rest = await fetch(audioUrl, { headers: { range: `bytes=${song.byteLength - 5}-` } });
    expect(await bytesOf(rest)).toEqual(new Uint8Array(song.slice(-5)));
    const head = await fetch(audioUrl, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.headers.get('accept-ranges')]).toEqual([
      200,
      String(song.byteLength),
      'bytes',
    ]);
    const tag = head.headers.get('etag') ?? '';
    expect((await fetch(audioUrl, { headers: { 'if-none-match': tag } })).status).toBe(304);
    expect((await fetch(audioUrl, { headers: { range: 'bytes=0-1', 'if-range': '"old"' } })).status).toBe(200);
  });
});

describe('a rendition that does not exist', () => {
  const none: [name: string, type: string, bytes: Uint8Array, renditions: string[]][] = [
    ['photo.jpg', 'image/jpeg', photo, ['audio.mp3', 'document.pdf', 'video_640.mp4', 'poster_640.jpg']],
    ['song.mp3', 'audio/mpeg', song, ['image.jpg', 'document.pdf', 'video_640.mp4', 'thumb_120.jpg']],
    ['paper.pdf', 'application/pdf', paper, ['image.jpg', 'audio.mp3', 'thumb_320.jpg']],
    ['archive.zip', 'application/zip', archive, [...renditions].filter((name) => name !== 'original')],
    ['small.mp4', 'video/mp4', smallFilm, ['video_1280.mp4', 'audio.mp3', 'image.jpg']],
    ['photo.jpg', 'image/jpeg', photo, ['nothing.gif', 'Original', '..', '%2e%2e', 'original%00', 'thumb_640.jpg']],
  ];

  it.each(none)('of %s as %s is a 404 in JSON', async (name, type, bytes, wanted) => {
    const id = await upload(bytes, name, type);
    for (const rendition of wanted.filter((each) => !/^(\.|%2e){2}$/.test(each))) {
      await expectNotFound(await get(id, rendition));
    }
    const head = await get(id, wanted[0] ?? '', {}, 'HEAD');
    expect([head.status, await head.text()]).toEqual([404, '']);
  });

  it('is the same under both documented names of the large poster', async () => {
    for (const bytes of [filmInHd, smallFilm]) {
      const id = await upload(bytes, 'film.mp4', 'video/mp4');
      const [right, misspelt] = [await get(id, 'poster_1280.jpg'), await get(id, 'poster_1280.mp4')];
      expect(misspelt.status).toBe(right.status);
      expect(misspelt.headers.get('content-type')).toBe(right.headers.get('content-type'));
      expect(await bytesOf(misspelt)).toEqual(await bytesOf(right));
    }
  });
});

describe('a file whose content does not match its type', () => {
  it.each([
    ['photo.jpg', 'image/jpeg', ['thumb_120.jpg', 'thumb_320.jpg', 'image.jpg']],
    ['song.mp3', 'audio/mpeg', ['audio.mp3']],
    ['film.mp4', 'video/mp4', ['video_640.mp4', 'video_1280.mp4', 'poster_640.jpg']],
    ['paper.pdf', 'application/pdf', ['document.pdf']],
    ['archive.zip', 'application/zip', ['thumb_120.jpg']],
  ])('has the status failed and no renditions, and its original can be downloaded: %s', async (name, type, wanted) => {
    const id = await upload(Buffer.from('this is something else'), name, type);
    expect(await alice.files.get(id)).toMatchObject({ processing_status: 'failed', meta: {} });
    await expect(alice.files.waitUntilProcessed(id)).rejects.toThrow(ProcessingError);
    for (const rendition of wanted) await expectNotFound(await get(id, rendition));
    expect(await (await get(id, 'original')).text()).toBe('this is something else');
  });

  it('has a thumbnail or a 404 response if only its beginning is valid', async () => {
    const id = await upload(photo.slice(0, photo.length / 3), 'half.jpg', 'image/jpeg');
    const response = await get(id, 'thumb_120.jpg');
    expect([200, 404]).toContain(response.status);
    expect(response.headers.get('content-type')).toBe(response.status === 200 ? 'image/jpeg' : 'application/json');
    await response.body?.cancel();
    expect((await alice.account.get()).username).toBe('alice');
  });

  it('cannot exhaust the memory by the size that it declares', async () => {
    const bomb = makePng(1, 1, () => [0, 0, 0], { claims: { width: 60_000, height: 60_000 } });
    const id = await upload(bomb, 'bomb.png', 'image/png');
    for (const rendition of ['thumb_120.jpg', 'image.jpg']) await expectNotFound(await get(id, rendition));
  });
});

describe('the renditions of a private file', () => {
  it('are not found by other users, even if they are cached', async () => {
    const id = await upload(photo, 'photo.jpg', 'image/jpeg');
    for (const rendition of ['thumb_120.jpg', 'image.jpg'] as const) {
      await bytesOf(await alice.files.download(id, rendition));
      await expect(bob.files.download(id, rendition)).rejects.toThrow(NotFoundError);
    }
    const tag = (await get(id, 'thumb_120.jpg', {}, 'HEAD')).headers.get('etag') ?? '';
    const bobUrl = bob.files.url(id, 'thumb_120.jpg');
    await expectNotFound(await fetch(bobUrl, { headers: { 'if-none-match': tag } }));
    expect((await fetch(`${url}/v1/doc/${id}/thumb_120.jpg`)).status).toBe(401);
  });

  it('can be read by a user while the file is shared with them', async () => {
    const id = await upload(photo, 'photo.jpg', 'image/jpeg');
    await alice.files.update(id, { tags: ['+bob'] });
    expect((await bytesOf(await bob.files.download(id, 'thumb_120.jpg'))).byteLength).toBeGreaterThan(0);
    await alice.files.update(id, { tags: [] });
    await expect(bob.files.download(id, 'thumb_120.jpg')).rejects.toThrow(NotFoundError);
  });

  it('are not found after the file is deleted', async () => {
    const id = await upload(drawing, 'drawing.png', 'image/png');
    const wanted = ['thumb_120.jpg', 'thumb_320.jpg', 'image.jpg', 'original'];
    for (const rendition of wanted) await bytesOf(await get(id, rendition));
    await alice.files.delete(id);
    for (const rendition of wanted) await expectNotFound(await get(id, rendition));
  });

  it('are complete or not found if they are requested while the file is deleted', async () => {
    const here = new ApiClient({ token, baseUrl: `${url}/v1`, retry: false, fetch: sandbox.fetch });
    for (let moments = 0; moments < 30; moments++) {
      const id = await upload(photo, 'photo.jpg', 'image/jpeg');
      const pending = sandbox.fetch(`${url}/v1/doc/${id}/thumb_120.jpg`, { headers: authorized });
      for (let moment = 0; moment < moments; moment++) await new Promise((resolve) => setImmediate(resolve));
      await here.files.delete(id);
      const response = await pending;
      if (response.status === 200) expect((await pictureOf(response)).width).toBe(120);
      else await expectNotFound(response);
      await expectNotFound(await get(id, 'thumb_120.jpg'));
    }
  });
});

it('a reset deletes the cached renditions', async () => {
  const other = await servedForTest();
  const client = async () =>
    new ApiClient({
      token: await tokenFor(other.sandbox, 'alice', undefined, other.url),
      baseUrl: `${other.url}/v1`,
      retry: false,
    });
  const api = await client();
  const { id } = await api.files.upload(file(photo, 'photo.jpg', 'image/jpeg'));
  await bytesOf(await api.files.download(id, 'thumb_120.jpg'));
  await other.sandbox.reset();
  await expect((await client()).files.download(id, 'thumb_120.jpg')).rejects.toThrow(NotFoundError);
});
