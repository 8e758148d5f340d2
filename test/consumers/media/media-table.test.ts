import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FileInfo, Rendition } from '../../../src/index.js';
import { makeHeif } from '../../fixtures/make-heif.js';
import {
  makeBmp,
  makeExif,
  makeGif,
  makeJpeg,
  makePng,
  makeTiffTags,
  pngChunk,
  quarters,
} from '../../fixtures/make-image.js';
import { makeOpenDocument, makeWord } from '../../fixtures/make-office.js';
import { makePdf } from '../../fixtures/make-pdf.js';
import { makeAiff, makeMp3, makeWav } from '../../fixtures/make-sound.js';
import { makeZip } from '../../fixtures/make-zip.js';
import { inRepository } from '../../support/paths.js';
import { requires } from '../../support/requirements.js';
import { type PackedSandbox, packedSandboxes } from './packed-sandboxes.js';

// The table in docs/media.md. To write it anew: UPDATE_DOCS=1 npm run test:consumers -- media-table

const [plain, withSharp, withHeic, withPrograms] = (await packedSandboxes(
  [],
  ['sharp'],
  ['heic-decode'],
  'programs',
)) as [PackedSandbox, PackedSandbox, PackedSandbox, PackedSandbox];

const paint = quarters(40, 20);
const picture = sharp(makePng(40, 20, paint)).withExif({ IFD0: { Make: 'Leica' } });
const exif = makeTiffTags(6);

const folder = mkdtempSync(join(tmpdir(), 'doctape-media-table-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A video, or a sound if it has no size, made with ffmpeg. */
function make(name: string, codec: string, size?: string): Uint8Array {
  const path = join(folder, name);
  const input = size ? `testsrc=duration=1:size=${size}:rate=10` : 'sine=duration=1';
  const more = ['-c', codec, '-pix_fmt', 'yuv420p', '-metadata', 'title=a', '-metadata', 'artist=a'];
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', input, ...(size ? more : more.toSpliced(2, 2)), path]);
  return readFileSync(path);
}

type Format = [label: string, name: string, bytes: Uint8Array];
const formats = async (): Promise<Format[]> => [
  ['JPEG', 'a.jpg', makeJpeg(40, 20, paint, makeExif(6))],
  ['PNG', 'a.png', makePng(40, 20, paint, { chunks: [pngChunk('eXIf', exif)] })],
  ['GIF', 'a.gif', makeGif(40, 20, paint)],
  ['BMP', 'a.bmp', makeBmp(40, 20, paint)],
  ['WebP', 'a.webp', await picture.webp().toBuffer()],
  ['AVIF', 'a.avif', await picture.avif().toBuffer()],
  ['HEIC', 'a.heic', makeHeif({ exif })],
  ['TIFF', 'a.tif', await picture.tiff().toBuffer()],
  ['SVG', 'a.svg', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"/>')],
  ['Camera RAW', 'a.nef', makeTiffTags(6, 'NIKON', { width: 9, height: 9, below: { width: 90, height: 90 } })],
  [
    'MP3 with a cover',
    'a.mp3',
    makeMp3(20, { TIT2: 'a', TALB: 'a', TPE1: 'a', TYER: '1999', TCON: 'a' }, makeJpeg(40, 20, paint)),
  ],
  ['Ogg', 'a.ogg', make('a.ogg', 'libvorbis')],
  ['FLAC', 'a.flac', make('a.flac', 'flac')],
  ['WAV', 'a.wav', makeWav(1)],
  ['AIFF', 'a.aiff', makeAiff(1, 'a')],
  ['MP4, 640 pixels or less', 'a.mp4', make('a.mp4', 'libx264', '640x360')],
  ['MP4, 641 to 1,280 pixels', 'b.mp4', make('b.mp4', 'libx264', '1280x720')],
  ['QuickTime in HD', 'a.mov', make('a.mov', 'libx264', '1280x720')],
  ['WebM', 'a.webm', make('a.webm', 'libvpx', '640x360')],
  ['PDF', 'a.pdf', makePdf('/Title (a) /Author (a)')],
  ['Word', 'a.docx', makeWord({ core: '<dc:title>a</dc:title><dc:creator>a</dc:creator>' })],
  ['OpenDocument', 'a.odt', makeOpenDocument('<text:p>a</text:p>', '<dc:title>a</dc:title><dc:creator>a</dc:creator>')],
  ['Text, table', 'a.csv', Buffer.from('a,b\n1,2\n')],
  ['Code', 'a.py', Buffer.from('a = 1\n')],
  ['Zip', 'a.zip', makeZip([{ name: 'a', content: Buffer.from('a') }])],
];

const code = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ') || '-';

/** The names of the fields, with one name for all that begin with `gps_`. */
function fieldsOf(meta: object): string[] {
  return [...new Set(Object.keys(meta).map((name) => name.replace(/^gps_.*/, 'gps_*')))].sort();
}

/** A row of the table, with what packages and programs add. */
async function rowOf([label, name, bytes]: Format): Promise<string> {
  const [{ meta, media_type }, made] = await handledBy(plain, name, bytes);
  const added = async (sandbox: PackedSandbox, by: string) => {
    const [file, all] = await handledBy(sandbox, name, bytes);
    expect([file.meta, file.processing_status], `${name} with ${by}`).toEqual([meta, 'ok']);
    const more = all.filter((rendition) => !made.includes(rendition));
    return more.length > 0 ? [`${by}: ${code(more)}`] : [];
  };
  const more = [
    ...(await added(withSharp, 'sharp')),
    ...(await added(withHeic, 'heic-decode')),
    ...(await added(withPrograms, media_type === 'document' ? 'soffice' : 'ffmpeg')),
  ];
  return `| ${label} | \`${media_type}\` | ${code(fieldsOf(meta))} | ${code(made)} | ${more.join('; ') || '-'} |`;
}

async function handledBy(sandbox: PackedSandbox, name: string, bytes: Uint8Array): Promise<[FileInfo, Rendition[]]> {
  const file = await sandbox.upload(name, bytes);
  return [file, await sandbox.renditionsOf(file.id)];
}

const path = inRepository('docs/media.md');
const start = '<!-- table: written by test/consumers/media/media-table.test.ts -->\n';
const end = '\n<!-- end of the table -->';
const [before = '', rest = ''] = readFileSync(path, 'utf8').split(start);
const [found = '', after = ''] = rest.split(end);
let written = found;

let table = '';
beforeAll(async () => {
  if (process.env.UPDATE_DOCS && requires('ffmpeg', 'soffice').skip)
    throw new Error('UPDATE_DOCS needs ffmpeg and LibreOffice');
  if (requires('ffmpeg').skip) return;
  const rows: string[] = [];
  for (const format of await formats()) rows.push(await rowOf(format));
  const heading =
    '| Format | `media_type` | Metadata | Renditions | With optional packages and programs |\n|---|---|---|---|---|';
  table = `\n${[heading, ...rows].join('\n')}\n`;
  if (!process.env.UPDATE_DOCS) return;
  writeFileSync(path, before + start + table + end + after);
  written = table;
});

/** A machine without LibreOffice can check everything else. */
const withoutSoffice = (text: string) => text.replace(/(?<=\| )soffice: [^|]*(?= \|)/g, '-');

describe('the table of formats in docs/media.md', () => {
  it('is what the sandbox does, except for LibreOffice', requires('ffmpeg'), () => {
    expect(withoutSoffice(table)).toBe(withoutSoffice(written));
  });

  it('is what the sandbox does', requires('ffmpeg', 'soffice'), () => {
    expect(written).toContain('soffice: ');
    expect(table).toBe(written);
  });
});
