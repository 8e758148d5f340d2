import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Converter } from '../../../../src/sandbox/convert/converter.js';
import { planOf } from '../../../../src/sandbox/convert/plan.js';
import { findPrograms } from '../../../../src/sandbox/convert/programs/find-programs.js';
import { programConverter } from '../../../../src/sandbox/convert/programs/program-converter.js';
import { type FileRecord, memoryStore } from '../../../../src/sandbox.js';
import { makeOpenDocument, makeWord, relationshipsOf } from '../../../fixtures/make-office.js';
import { requires } from '../../../support/requirements.js';
import { bytesOf, read, record } from '../../../support/store.js';

// These tests hand files to the programs that the sandbox would not hand to them, because it does not believe their names. What they
// contain must not be fetched nevertheless.

const store = memoryStore();
let temporary: string;
let folder: string;
let converter: Converter;
/** The paths that were requested from this machine. */
const requested: string[] = [];
const listener = createServer((request, response) => {
  requested.push(request.url ?? '');
  response.writeHead(200, { 'content-type': 'image/png' }).end(png);
});
let origin: string;
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

beforeAll(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'converter-test-'));
  folder = join(temporary, 'work');
  converter = programConverter({ store, programs: await findPrograms(), folder: () => folder });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
});
afterAll(async () => {
  await converter.close();
  listener.close();
  rmSync(temporary, { recursive: true, force: true });
});

const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
const video = { media_type: 'video', type: 'video/mp4', extension: 'mp4', meta: { width: 320, height: 240 } };
const word = { media_type: 'document', type: docx, extension: 'docx' };
let files = 0;

/** Converts content as the file that it is said to be. */
async function convert(content: Uint8Array | string, said: Partial<FileRecord>, signal = new AbortController().signal) {
  const bytes = typeof content === 'string' ? bytesOf(content) : content;
  files += 1;
  const file = record(`file-${files}`, { size: bytes.byteLength, meta: {}, ...said });
  const writer = await store.writeBlob(file.id);
  await writer.write(bytes);
  await writer.finish();
  const plan = planOf(file, new Set(['ffmpeg', 'soffice']));
  if (!plan) throw new Error('there is nothing to convert');
  const sizes = await converter.convert(file, plan, signal);
  const read1 = async ([name, size]: [string, number]): Promise<[string, Uint8Array]> => [
    name,
    await read(store, `${file.id}.${name}`, 0, size - 1),
  ];
  return new Map(await Promise.all([...sizes].map(read1)));
}

/** Makes a file with ffmpeg. */
function make(name: string, ...args: string[]): Uint8Array<ArrayBuffer> {
  const path = join(temporary, name);
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...args, path]);
  return new Uint8Array(readFileSync(path));
}

const film = (seconds: number, size = '320x240') => [
  '-f',
  'lavfi',
  '-i',
  `testsrc=duration=${seconds}:size=${size}:rate=10`,
];
const h264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];

function probe(bytes: Uint8Array): { streams: Record<string, unknown>[]; format: { duration: string } } {
  const path = join(temporary, 'probed');
  writeFileSync(path, bytes);
  const args = ['-v', 'error', '-show_streams', '-show_format', '-of', 'json', path];
  return JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8' }));
}

function expectNothingLeft() {
  expect(requested).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
}

describe('with ffmpeg', requires('ffmpeg'), () => {
  it('makes small and large videos, posters and thumbnails of a film in HD', async () => {
    const webm = make(
      'hd.webm',
      ...film(1, '1920x1080'),
      '-f',
      'lavfi',
      '-i',
      'sine=duration=1',
      '-c:v',
      'libvpx',
      '-deadline',
      'realtime',
      '-b:v',
      '1M',
    );
    const made = await convert(webm, {
      ...video,
      type: 'video/webm',
      meta: { width: 1920, height: 1080, definition: 'hd', duration: 1 },
    });
    const sizes = [...made].map(([name, bytes]) => {
      const [{ codec_name, width, height } = {}] = probe(bytes).streams;
      return [name, codec_name, width, height];
    });
    expect(sizes.sort()).toEqual([
      ['poster_1280.jpg', 'mjpeg', 1280, 720],
      ['poster_640.jpg', 'mjpeg', 640, 360],
      ['thumb_120.jpg', 'mjpeg', 120, 68],
      ['thumb_320.jpg', 'mjpeg', 320, 180],
      ['video_1280.mp4', 'h264', 1280, 720],
      ['video_640.mp4', 'h264', 640, 360],
    ]);
    expect(probe(made.get('video_640.mp4') ?? new Uint8Array()).streams.map(({ codec_name }) => codec_name)).toEqual([
      'h264',
      'aac',
    ]);
    expectNothingLeft();
  });

  it('keeps the shape of a film with pixels that are not square, and of one in portrait', async () => {
    const shape = async (size: string, ...args: string[]) => {
      const made = await convert(make('shape.mkv', ...film(1, size), ...args, ...h264), {
        ...video,
        type: 'video/x-matroska',
      });
      const [{ width, height } = {}] = probe(made.get('video_640.mp4') ?? new Uint8Array()).streams;
      return [width, height];
    };
    expect(await shape('720x576', '-vf', 'setsar=64/45')).toEqual([640, 360]);
    expect(await shape('720x1280')).toEqual([360, 640]);
  });

  it('makes an MP3 of sound, with its title', async () => {
    const flac = make('a.flac', '-f', 'lavfi', '-i', 'sine=duration=1', '-metadata', 'title=Übung');
    const made = await convert(flac, { media_type: 'audio', type: 'audio/flac', meta: { duration: 1 } });
    const { streams, format } = probe(made.get('audio.mp3') ?? new Uint8Array());
    expect(streams.map(({ codec_name }) => codec_name)).toEqual(['mp3']);
    expect(format).toMatchObject({ tags: { title: 'Übung' } });
  });

  it.each([
    ['an HLS playlist', () => `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${origin}/a.ts\n#EXT-X-ENDLIST\n`],
    [
      'an HLS playlist of a local file',
      () => `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://${join(temporary, 'secret.ts')}\n#EXT-X-ENDLIST\n`,
    ],
    ['a list of files to join', () => `ffconcat version 1.0\nfile '${join(temporary, 'secret.ts')}'\n`],
    ['a list of URLs to join', () => `ffconcat version 1.0\nfile '${origin}/a.mp4'\n`],
    [
      'a DASH manifest',
      () =>
        `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet><Representation id="a" bandwidth="1"><BaseURL>${origin}/a.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>`,
    ],
    [
      'a description of a stream',
      () =>
        'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n',
    ],
    ['HTML', () => `<html><body><video src="${origin}/a.mp4"></video></body></html>`],
    ['text', () => 'Hello'],
  ])('opens nothing that a file refers to: %s', async (_name, content) => {
    make('secret.ts', ...film(2), ...h264);
    await expect(convert(content(), video)).rejects.toMatchObject({
      name: 'ConversionFailed',
      message: expect.stringMatching(/^ffmpeg ended with/),
    });
    expectNothingLeft();
  });

  it.each(['webm', 'mkv', 'avi', 'mov', 'flv', 'mp4'])('refuses a film that is cut off: %s', async (extension) => {
    const codec = extension === 'webm' ? ['-c:v', 'libvpx', '-deadline', 'realtime'] : h264;
    const whole = make(`whole.${extension}`, ...film(20), ...codec);
    const said = { ...video, type: `video/${extension}`, meta: { width: 700, height: 240, duration: 20 } };
    await expect(convert(whole.subarray(0, whole.length / 2), said)).rejects.toMatchObject({
      name: 'ConversionFailed',
    });
    expectNothingLeft();
  });

  it('ends when the conversion is cancelled, and leaves nothing', async () => {
    const controller = new AbortController();
    const whole = make('long.mkv', ...film(30, '640x360'), ...h264);
    const converting = convert(whole, { ...video, type: 'video/x-matroska' }, controller.signal);
    const cancelled = expect(converting).rejects.toMatchObject({ name: 'AbortError' });
    await expect.poll(() => readdirSync(folder), { interval: 5 }).not.toEqual([]);
    controller.abort();
    await cancelled;
    expectNothingLeft();
  });
});

/** A Word document with a picture, which is in it or linked. */
function wordWith(target: string, isLinked: boolean): Uint8Array {
  const attribute = isLinked ? 'r:link' : 'r:embed';
  const picture = `<w:drawing><wp:inline><wp:extent cx="914400" cy="914400"/><wp:docPr id="1" name="p"/><a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="0" name="p"/><pic:cNvPicPr/></pic:nvPicPr><pic:blipFill><a:blip ${attribute}="rId1"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="914400" cy="914400"/></a:xfrm><a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing>`;
  return makeWord({
    body: `<w:p><w:r><w:t>Hello</w:t></w:r></w:p><w:p><w:r>${picture}</w:r></w:p>`,
    relationships: [{ id: 'rId1', type: 'image', target, isExternal: isLinked }],
    parts: { 'word/media/image1.png': png },
  });
}

/** Fields of Word: LibreOffice reads the same ones from RTF. */
const wordField = (instruction: string) =>
  `<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>${instruction}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>`;

/** Files that refer to files elsewhere, in all the ways that the format has. */
const hostile: Record<string, () => [Uint8Array | string, Partial<FileRecord>]> = {
  'a Word document with a template, a part and fields': () => [
    makeWord({
      body: `<w:altChunk r:id="rId2"/>${wordField(`INCLUDEPICTURE "${origin}/field.png" \\d`)}${wordField(`INCLUDETEXT "${origin}/text.docx"`)}${wordField(`DDEAUTO "${origin}/" a b`)}`,
      relationships: [
        { id: 'rId1', type: 'settings', target: 'settings.xml' },
        { id: 'rId2', type: 'aFChunk', target: 'chunk.html' },
        { id: 'rId3', type: 'oleObject', target: `${origin}/object`, isExternal: true },
        { id: 'rId4', type: 'subDocument', target: `${origin}/part.docx`, isExternal: true },
      ],
      parts: {
        'word/settings.xml':
          '<w:settings xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><w:attachedTemplate r:id="rId1"/></w:settings>',
        'word/_rels/settings.xml.rels': relationshipsOf([
          { id: 'rId1', type: 'attachedTemplate', target: `${origin}/template.dotm`, isExternal: true },
        ]),
        'word/chunk.html': `<html><body><img src="${origin}/chunk.png"><iframe src="${origin}/frame.html"></iframe></body></html>`,
      },
    }),
    word,
  ],
  'a Word document with an external entity': () => [
    makeWord({
      doctype: `<!DOCTYPE w [<!ENTITY % outer SYSTEM "${origin}/outer.dtd"> %outer; <!ENTITY e SYSTEM "${origin}/entity">]>`,
      body: '<w:p><w:r><w:t>&e;</w:t></w:r></w:p>',
    }),
    word,
  ],
  'an OpenDocument text with links': () => [
    makeOpenDocument(
      `<text:section text:name="a"><text:section-source xlink:href="${origin}/section.odt" xlink:type="simple"/></text:section>
      <text:p><draw:frame svg:width="1cm" svg:height="1cm"><draw:image xlink:href="${origin}/image.png" xlink:type="simple" xlink:actuate="onLoad"/></draw:frame>
      <draw:frame svg:width="1cm" svg:height="1cm"><draw:object xlink:href="${origin}/object.ods" xlink:type="simple" xlink:actuate="onLoad"/></draw:frame>
      <draw:frame svg:width="1cm" svg:height="1cm"><draw:floating-frame xlink:href="${origin}/frame.html" xlink:type="simple" xlink:actuate="onLoad"/></draw:frame></text:p>`,
    ),
    { media_type: 'document', type: 'application/vnd.oasis.opendocument.text', extension: 'odt' },
  ],
  'an OpenDocument spreadsheet with links': () => [
    makeOpenDocument(
      `<table:table table:name="a"><table:table-source xlink:href="${origin}/table.ods" xlink:type="simple" table:table-name="a" table:refresh-delay="PT1S"/>
      <table:table-row><table:table-cell table:formula="of:=WEBSERVICE(&quot;${origin}/service&quot;)"/>
      <table:table-cell table:formula="of:='${origin}/other.ods'#$a.A1"/><table:table-cell table:formula="of:=DDE(&quot;soffice&quot;;&quot;${origin}/dde&quot;;&quot;a&quot;)"/></table:table-row></table:table>`,
      '',
      'spreadsheet',
    ),
    { media_type: 'document', type: 'application/vnd.oasis.opendocument.spreadsheet', extension: 'ods' },
  ],
  'a presentation with films': () => [
    makeOpenDocument(
      `<draw:page draw:name="a"><draw:frame svg:width="1cm" svg:height="1cm"><draw:plugin xlink:href="${origin}/film.mp4" xlink:type="simple" xlink:actuate="onLoad" draw:mime-type="application/vnd.sun.star.media"/></draw:frame>
      <draw:frame svg:width="1cm" svg:height="1cm"><draw:image xlink:href="${origin}/image.png" xlink:type="simple" xlink:actuate="onLoad"/></draw:frame></draw:page>`,
      '',
      'presentation',
    ),
    { media_type: 'document', type: 'application/vnd.oasis.opendocument.presentation', extension: 'odp' },
  ],
  'RTF with fields and a template': () => [
    `{\\rtf1{\\*\\template ${origin}/template.dot}{\\field{\\*\\fldinst INCLUDEPICTURE "${origin}/field.png" \\\\d}{\\fldrslt a}}{\\field{\\*\\fldinst INCLUDETEXT "${origin}/text.rtf"}{\\fldrslt b}}Hello}`,
    { media_type: 'document', type: 'application/rtf', extension: 'rtf' },
  ],
  'a table with formulas': () => [
    `"=WEBSERVICE(""${origin}/service"")",=WEBSERVICE("${origin}/other"),"=IMAGE(""${origin}/image.png"")","=DDE(""soffice"";""${origin}/dde"";""a"")",=cmd|'/C touch owned'!A1\n`,
    { media_type: 'document', type: 'text/csv', extension: 'csv' },
  ],
};

describe('with LibreOffice', requires('soffice'), () => {
  async function pdfOf(content: Uint8Array | string, said: Partial<FileRecord>): Promise<string> {
    const pdf = (await convert(content, said)).get('document.pdf');
    return Buffer.from(pdf ?? []).toString('latin1');
  }

  it.each([
    ['text', 'Grüße, 你好', { type: 'text/plain' }],
    ['a table', 'a,b\n1,ü', { type: 'text/csv' }],
    ['RTF', '{\\rtf1 Hello}', { type: 'application/rtf' }],
  ])('makes a PDF of %s', async (_name, content, said) => {
    expect(await pdfOf(content, said)).toMatch(/^%PDF-/);
    expectNothingLeft();
  });

  it('shows a picture that is in a document, and none that the document links', async () => {
    writeFileSync(join(temporary, 'secret.png'), png);
    expect(await pdfOf(wordWith('media/image1.png', false), word)).toContain('/Subtype/Image');
    for (const link of [`${origin}/picture.png`, `file://${join(temporary, 'secret.png')}`])
      expect(await pdfOf(wordWith(link, true), word)).not.toContain('/Subtype/Image');
    expectNothingLeft();
  });

  it.each(Object.keys(hostile))('opens nothing that a file refers to: %s', async (name) => {
    const [content, said] = hostile[name]?.() ?? ['', {}];
    const made = await pdfOf(content, said).then(
      (pdf) => pdf.slice(0, 5),
      (error) => error.name,
    );
    expect(made).toBe(name.includes('external entity') ? 'ConversionFailed' : '%PDF-'); // LibreOffice opens no entities
    expectNothingLeft();
  });

  it.each([
    [
      'HTML',
      () =>
        `<html><body><img src="${origin}/picture.png"><link rel="stylesheet" href="${origin}/style.css"></body></html>`,
    ],
    ['half a document', () => wordWith('media/image1.png', false).subarray(0, 800)],
  ])('refuses a Word document that is %s', async (_name, content) => {
    await expect(convert(content(), word)).rejects.toMatchObject({ name: 'ConversionFailed' });
    expectNothingLeft();
  });
});
