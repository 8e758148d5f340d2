import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, extname, join } from 'node:path';
import jpeg from 'jpeg-js';
import { afterAll, describe, expect, it } from 'vitest';
import { ApiClient, type FileInfo } from '../../../src/index.js';
import { makePdf } from '../../fixtures/make-pdf.js';
import { inPackage } from '../../support/paths.js';
import { requires } from '../../support/requirements.js';
import { served, tokenFor } from '../../support/sandbox.js';

// Real files from packages of the registry, and files made by ffmpeg, against what other programs read in them.

const { url, sandbox } = await served();
const token = await tokenFor(sandbox, 'alice', undefined, url);
const api = new ApiClient({ token, baseUrl: `${url}/v1`, retry: false });

const packages = ['audio-lena', 'bmp-js', 'calipers', 'exif', 'exif-parser', 'node-unzip-2'];
const wanted = /\.(jpe?g|png|bmp|mp3|m4a|aac|ogg|opus|flac|wav|aiff?|webm|caf|zip)$/;

const files = packages.flatMap((name) => {
  const folder = inPackage(name, 'test/consumers');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => wanted.test(path) && !path.includes('node_modules') && statSync(join(folder, path)).isFile())
    .map((path) => ({ label: `${name}/${path}`, path: join(folder, path) }));
});

const images = files.filter(({ path }) => /\.(jpe?g|png|bmp)$/.test(path));
const sounds = files.filter(({ path }) => /\.(mp3|m4a|aac|ogg|opus|flac|wav|aiff?|webm|caf)$/.test(path));
const zips = files.filter(({ path }) => path.endsWith('.zip'));

async function upload(path: string): Promise<FileInfo> {
  const bytes = readFileSync(path);
  const { id } = await api.files.upload(new File([bytes], basename(path)));
  expect(Buffer.compare(await (await api.files.download(id)).bytes(), bytes)).toBe(0);
  return api.files.get(id);
}

/** What a program printed. */
function run(program: string, ...args: string[]): string {
  const { stdout, status } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (status === null) throw new Error(`${program} did not run`);
  return stdout;
}

/** The streams and the format of a file, as ffprobe sees them. */
function probe(path: string) {
  const { streams = [], format = {} } = JSON.parse(
    run('ffprobe', '-v', 'error', '-print_format', 'json', '-show_format', '-show_streams', path),
  );
  const video = streams.find(({ codec_type }: { codec_type: string }) => codec_type === 'video');
  return { video, format, duration: Number(format.duration) };
}

function number(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN;
}

it('has files of every kind', () => {
  expect(images.length).toBeGreaterThan(40);
  expect(sounds.length).toBeGreaterThan(25);
  expect(zips.length).toBeGreaterThan(4);
});

describe('an image has the metadata that exiftool reads:', requires('exiftool'), () => {
  it.each(images)('$label', async ({ path }) => {
    const { meta, processing_status, media_type } = await upload(path);
    const [size] = JSON.parse(run('exiftool', '-json', '-n', path));
    // without what it concludes from the notes of manufacturers
    const [tags] = JSON.parse(run('exiftool', '-json', '-n', '-EXIF:all', path));
    expect([processing_status, media_type]).toEqual(['ok', 'image']);
    expect([meta.width, meta.height]).toEqual([size.ImageWidth, Math.abs(size.ImageHeight)]);
    if (/\.(png|bmp)$/.test(path)) return;
    expect(meta.orientation).toBe(tags.Orientation === undefined ? undefined : tags.Orientation);
    expect(meta.iso).toBe(tags.ISO);
    expect(meta.vendor).toBe(tags.Make === undefined ? undefined : String(tags.Make).trim());
    expect(meta.model).toBe(tags.Model === undefined ? undefined : String(tags.Model).trim());
    expect(meta.flash).toBe(tags.Flash === undefined ? undefined : (tags.Flash & 1) === 1);
    for (const name of ['Latitude', 'Longitude'] as const) {
      const ours = name === 'Latitude' ? meta.gps_latitude : meta.gps_longitude;
      if (tags[`GPS${name}`] === undefined) expect(ours).toBeUndefined();
      else expect(number(ours)).toBeCloseTo(Math.abs(tags[`GPS${name}`]), 4);
    }
  });
});

it.each(images)('a thumbnail is made of $label', async ({ path }) => {
  const { id } = await upload(path);
  expect((await api.files.download(id, 'thumb_120.jpg')).status).toBe(200);
});

describe('a BMP has the pixels that ffmpeg decodes:', requires('ffmpeg'), () => {
  // those with transparency are flattened on white, which ffmpeg does not do
  it.each(images.filter(({ path }) => /\/bit(?!.*(_a\d+|alpha)).*\.bmp$/.test(path)))('$label', async ({ path }) => {
    const { id, meta } = await upload(path);
    const { data, width } = jpeg.decode(await (await api.files.download(id, 'image.jpg')).bytes(), { useTArray: true });
    const raw = ['-v', 'error', '-i', path, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
    const expected = spawnSync('ffmpeg', raw, { maxBuffer: 64 * 1024 * 1024 }).stdout;
    expect([width, expected.length]).toEqual([meta.width, number(meta.width) * number(meta.height) * 3]);
    let difference = 0;
    for (let at = 0; at < expected.length; at++) {
      difference += Math.abs((expected[at] ?? 0) - (data[Math.floor(at / 3) * 4 + (at % 3)] ?? 0));
    }
    // ffmpeg makes 240 of 15, the most of four bits, where 255 is white
    expect(difference / expected.length).toBeLessThan(/444/.test(path) ? 16 : 6);
  });
});

describe('a recording has the duration and the title that ffprobe reads:', requires('ffmpeg'), () => {
  /** Files whose duration ffprobe gets wrong, or we leave out. */
  const exceptions = new Map<string, string>([
    ['lena-gsm.aiff', 'compressed AIFF'],
    ['lena-ima-adpcm.aiff', 'compressed AIFF'],
    ['lena-24-dwvw.aiff', 'compressed AIFF'],
  ]);

  it.each(sounds)('$label', async ({ path }) => {
    const { meta, processing_status, media_type } = await upload(path);
    expect([processing_status, media_type]).toEqual(['ok', 'audio']);
    const { format, duration } = probe(path);
    const known = meta.duration !== undefined && !exceptions.has(basename(path));
    if (known) expect(Math.abs(number(meta.duration) - duration)).toBeLessThan(0.1);
    else expect(/\.caf$/.test(path) || exceptions.has(basename(path))).toBe(true);
    const tags: Record<string, string> = Object.fromEntries(
      Object.entries(format.tags ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]),
    );
    for (const name of ['title', 'artist', 'album'] as const) {
      if (meta[name] !== undefined && tags[name] !== undefined) expect(meta[name]).toBe(tags[name].trim());
    }
    if (/\.(mp3|wav|aiff)$/.test(path) && tags.title) expect(meta.title).toBe(tags.title.trim());
  });
});

describe('an archive has the files that unzip lists, with the same content:', requires('unzip'), () => {
  it.each(zips)('$label', async ({ path }) => {
    const { id, meta } = await upload(path);
    const names = run('unzip', '-Z1', path)
      .split('\n')
      .filter((name) => name !== '' && !name.endsWith('/'));
    expect(meta.numFiles).toBe(names.length);
    const before = new Set((await api.files.list()).map((file) => file.id));
    await api.files.extract(id);
    const unpacked = (await api.files.list()).filter((file) => !before.has(file.id));
    expect(unpacked.length).toBe(names.length);
    const sizes = unpacked.map(({ size }) => size).sort((a, b) => a - b);
    const expected = names.map((name) => Buffer.byteLength(run('unzip', '-p', path, name))).sort((a, b) => a - b);
    expect(sizes).toEqual(expected);
  });
});

describe('a PDF has the title and the author that pdfinfo reads:', requires('pdfinfo'), () => {
  it.each(['/Title (A paper) /Author (Somebody)', '/Title <FEFF00DC0062006500720020> /Author (J\\374rgen)'])(
    '%s',
    async (info) => {
      const bytes = makePdf(info);
      const { stdout } = spawnSync('pdfinfo', ['-enc', 'UTF-8', '-'], { input: bytes, encoding: 'utf8' });
      const [, title] = /^Title:\s+(.*)$/m.exec(stdout) ?? [];
      const [, author] = /^Author:\s+(.*)$/m.exec(stdout) ?? [];
      const { id } = await api.files.upload(new File([new Uint8Array(bytes)], 'a.pdf'));
      const { meta } = await api.files.get(id);
      expect([meta.title, meta.author]).toEqual([title?.trim(), author?.trim()]);
    },
  );
});

describe('what ffmpeg writes', requires('ffmpeg'), () => {
  const folder = mkdtempSync(join(tmpdir(), 'doctape-ffmpeg-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const tone = ['-f', 'lavfi', '-i', 'sine=440:duration=3:sample_rate=44100'];
  const picture = (size: string) => ['-f', 'lavfi', '-i', `testsrc=size=${size}:rate=25:duration=2`];
  const tags = ['-metadata', 'title=Title', '-metadata', 'artist=Artist'];

  function make(name: string, inputs: string[], ...options: string[]): string {
    const path = join(folder, name);
    run('ffmpeg', '-nostdin', '-v', 'error', '-y', ...inputs, ...tags, ...options, path);
    return path;
  }

  it.each<[string, ...string[]]>([
    ['a.mp3', '-q:a', '5'],
    ['without-header.mp3', '-q:a', '5', '-write_xing', '0'],
    ['a.mp2'],
    ['adpcm.wav', '-c:a', 'adpcm_ms'],
    ['a.ogg', '-c:a', 'libvorbis'],
    ['a.opus', '-c:a', 'libopus'],
    ['flac.oga', '-c:a', 'flac'],
    ['a.flac'],
    ['a.aiff'],
    ['a.wma', '-c:a', 'wmav2'],
    ['a.wv'],
    ['a.m4a', '-c:a', 'aac'],
    ['a.aac', '-c:a', 'aac'],
    ['a.mka', '-c:a', 'flac'],
    ['a.webm', '-c:a', 'libopus'],
  ])('is audio with its duration and tags: %s', async (name, ...options) => {
    const path = make(name, tone, ...options);
    const { media_type, processing_status, meta } = await upload(path);
    expect([media_type, processing_status]).toEqual(['audio', 'ok']);
    expect(Math.abs(number(meta.duration) - 3)).toBeLessThan(0.1);
    if (!/\.(mp2|aac|oga)$/.test(name)) expect(meta.title).toBe('Title');
  });

  it.each<[string, string, string, ...string[]]>([
    ['a.mp4', '320x240', 'sd', '-c:v', 'libx264'],
    ['fragments.mp4', '320x240', 'sd', '-c:v', 'libx264', '-movflags', 'frag_keyframe+empty_moov'],
    ['hd.mp4', '1280x720', 'hd', '-c:v', 'libx264'],
    ['upright.mp4', '720x1280', 'hd', '-c:v', 'libx264'],
    ['a.mov', '320x240', 'sd', '-c:v', 'libx264'],
    ['a.mkv', '320x240', 'sd', '-c:v', 'libx264'],
    ['a.webm', '320x240', 'sd', '-c:v', 'libvpx'],
    ['a.ogv', '320x240', 'sd', '-c:v', 'libtheora'],
    ['a.avi', '320x240', 'sd', '-c:v', 'mpeg4'],
    ['a.wmv', '320x240', 'sd', '-c:v', 'wmv2'],
    ['a.flv', '320x240', 'sd', '-c:v', 'flv'],
    ['a.ts', '320x240', 'sd', '-c:v', 'libx264'],
    ['a.m2ts', '320x240', 'sd', '-c:v', 'libx264'],
    ['a.mpg', '320x240', 'sd'],
  ])('is video with its size, duration and definition: %s', async (name, size, definition, ...options) => {
    const path = make(name, [...picture(size), ...tone, '-shortest'], '-pix_fmt', 'yuv420p', ...options);
    const { media_type, processing_status, meta } = await upload(path);
    expect([media_type, processing_status]).toEqual(['video', 'ok']);
    const { video, duration } = probe(path);
    expect([meta.width, meta.height]).toEqual([video.width, video.height]);
    expect(meta.definition).toBe(definition);
    // an AVI has the duration of its pictures in its header
    const tolerance = extname(name) === '.avi' ? 0.2 : 0.1;
    if (extname(name) !== '.mpg') expect(Math.abs(number(meta.duration) - duration)).toBeLessThan(tolerance);
  });

  it('is turned if it says so', async () => {
    const upright = make('upright.mp4', picture('320x240'), '-c:v', 'libx264', '-pix_fmt', 'yuv420p');
    const turned = join(folder, 'turned.mp4');
    const before = ['-nostdin', '-v', 'error', '-y'];
    run('ffmpeg', ...before, '-display_rotation', '90', '-i', upright, '-c', 'copy', turned);
    // until version 6
    if (!existsSync(turned))
      run('ffmpeg', ...before, '-i', upright, '-c', 'copy', '-metadata:s:v', 'rotate=270', turned);
    const { meta } = await upload(turned);
    const [{ rotation }] = probe(turned).video.side_data_list;
    expect(meta).toMatchObject({ width: 240, height: 320, rotation: (360 - rotation) % 360 });
  });
});
