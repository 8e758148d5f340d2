import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { describe as describeFile } from '../../../../src/sandbox/media/describe.js';
import { listKinds } from '../../../../src/sandbox/media/kinds/kinds.js';
import { ascii, bytesOf } from '../../../fixtures/make-bytes.js';
import { makeHeif } from '../../../fixtures/make-heif.js';
import { makeJpeg, makePng, makeTiffTags, quarters } from '../../../fixtures/make-image.js';
import { makePdf } from '../../../fixtures/make-pdf.js';
import { makeMp3, makeVideo, makeWav } from '../../../fixtures/make-sound.js';
import { makeZip } from '../../../fixtures/make-zip.js';

/** The media type and the Content-Type of a file. */
async function kindOf(name: string, content: Uint8Array | string, declared?: string): Promise<[string, string]> {
  const extension = name.includes('.') ? (name.split('.').at(-1) ?? '') : '';
  const bytes = bytesOf(typeof content === 'string' ? ascii(content) : content);
  const { mediaType, type } = await describeFile({ declared, extension }, bytes);
  return [mediaType, type];
}

const png = makePng(8, 8, quarters(8, 8));
const zip = makeZip([{ name: 'a.txt', content: ascii('a') }]);
const ole = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(600)]);
const transportStream = Buffer.concat(
  Array.from({ length: 20 }, () => Buffer.concat([ascii('G@\0'), Buffer.alloc(185, 0xff)])),
);

describe('the table of kinds', () => {
  const kinds = listKinds();

  it('has each type once, and each extension once', () => {
    const types = kinds.map(({ type }) => type);
    const extensions = kinds.flatMap((kind) => kind.extensions);
    expect(types.filter((type, index) => types.indexOf(type) !== index)).toEqual([]);
    expect(extensions.filter((extension, index) => extensions.indexOf(extension) !== index)).toEqual([]);
    expect(extensions.length).toBeGreaterThan(200);
  });

  it('has well-formed types and extensions', () => {
    for (const { type, extensions } of kinds) {
      expect(type).toMatch(/^[a-z]+\/[a-z0-9.+-]+$/);
      for (const extension of extensions) expect(extension).toMatch(/^[a-z0-9]+$/);
    }
  });

  it.each(kinds)('makes a file without a signature a $type by its extension', async ({ type, extensions }) => {
    const content = new Uint8Array([1, 2, 3, 4]);
    for (const extension of extensions) expect((await kindOf(`a.${extension}`, content))[1]).toBe(type);
  });
});

describe('the content decides what a file is', () => {
  it.each<[string, Uint8Array | string, string, string]>([
    ['image', png, 'image', 'image/png'],
    ['photo.txt', makeJpeg(8, 8, quarters(8, 8)), 'image', 'image/jpeg'],
    ['photo.jpg', png, 'image', 'image/png'],
    ['photo.heic', makeHeif(), 'image', 'image/heic'],
    ['paper', makePdf('/Title (x)'), 'document', 'application/pdf'],
    ['song.bin', makeMp3(20, { TIT2: 'x' }), 'audio', 'audio/mpeg'],
    ['sound', makeWav(1), 'audio', 'audio/wav'],
    ['archive.dat', zip, 'archive', 'application/zip'],
    [
      'drawing',
      '<?xml version="1.0"?>\n<!-- a comment -->\n<svg xmlns="http://www.w3.org/2000/svg"/>',
      'image',
      'image/svg+xml',
    ],
    ['letter', '{\\rtf1\\ansi hello}', 'document', 'application/rtf'],
    ['card', 'BEGIN:VCARD\r\nFN:Alice\r\nEND:VCARD', 'document', 'text/vcard'],
  ])('%s', async (name, content, mediaType, type) => {
    expect(await kindOf(name, content)).toEqual([mediaType, type]);
    expect(await kindOf(name, content, 'application/x-wrong')).toEqual([mediaType, type]);
  });

  it('of a film, and of a recording that has sound only', async () => {
    expect(await kindOf('a', await makeVideo(64, 36))).toEqual(['video', 'video/mp4']);
  });
});

describe('the extension says more about content that several formats share:', () => {
  it.each<[string, Uint8Array, string, string]>([
    ['a.docm', zip, 'document', 'application/vnd.ms-word.document.macroenabled.12'],
    ['a.xlsx', zip, 'document', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
    ['a.odt', zip, 'document', 'application/vnd.oasis.opendocument.text'],
    ['a.jar', zip, 'archive', 'application/java-archive'],
    ['a.tgz', gzipSync('a tar'), 'archive', 'application/gzip'],
    ['a.doc', ole, 'document', 'application/msword'],
    ['a.msg', ole, 'document', 'application/vnd.ms-outlook'],
    ['a.nef', Buffer.from(makeTiffTags(1, 'x', { width: 8, height: 8 })), 'image', 'image/x-nikon-nef'],
    ['a.arw', Buffer.from(makeTiffTags(1, 'x', { width: 8, height: 8 })), 'image', 'image/x-sony-arw'],
  ])('%s', async (name, content, mediaType, type) => {
    expect(await kindOf(name, content)).toEqual([mediaType, type]);
  });
});

describe('the extension decides what text is:', () => {
  it.each<[string, string, string, string]>([
    ['main.ts', 'export const answer: number = 42;', 'document', 'text/typescript'],
    ['main.py', 'print("hello")', 'document', 'text/x-python'],
    ['mail.eml', 'From: alice@example.com\r\nSubject: Hi\r\n\r\nHello', 'document', 'message/rfc822'],
    ['notes.md', '# Notes', 'document', 'text/markdown'],
    ['id.key', '-----BEGIN PRIVATE KEY-----\nMIIE', 'document', 'text/plain'],
  ])('%s', async (name, content, mediaType, type) => {
    expect(await kindOf(name, content)).toEqual([mediaType, type]);
    expect(await kindOf(name, content, 'application/octet-stream')).toEqual([mediaType, type]);
  });

  // browsers declare it as a video, because their tables of types know MPEG-TS only
  it('TypeScript is not video, whatever the browser says', async () => {
    expect(await kindOf('main.ts', 'let a = 1;', 'video/mp2t')).toEqual(['document', 'text/typescript']);
    expect(await kindOf('main.ts', `G${'.'.repeat(187)}G${'.'.repeat(187)}G`)).toEqual(['document', 'text/typescript']);
  });

  it('but MPEG-TS is, by its sync bytes', async () => {
    expect(await kindOf('broadcast.ts', transportStream)).toEqual(['video', 'video/mp2t']);
    const broken = Buffer.from(transportStream);
    broken[188 * 4] = 0;
    expect(await kindOf('broadcast.ts', broken)).toEqual(['document', 'text/typescript']);
  });
});

describe('the declared type decides', () => {
  it.each<[string, string, string, string]>([
    ['report', 'text/csv', 'document', 'text/csv'],
    ['data.zzz', 'image/x-portrait', 'image', 'image/x-portrait'],
    ['a.zzz', 'application/octet-stream', 'unknown', 'application/octet-stream'],
    ['a.zzz', 'not a type', 'unknown', 'application/octet-stream'],
  ])('what %s is if it says %s', async (name, declared, mediaType, type) => {
    expect(await kindOf(name, 'a,b', declared)).toEqual([mediaType, type]);
  });

  it('which type a text has, including its parameters', async () => {
    expect(await kindOf('a.txt', 'hello', 'text/plain; charset=utf-8')).toEqual([
      'document',
      'text/plain; charset=utf-8',
    ]);
    expect(await kindOf('a.txt', 'hello', 'text/x-log')).toEqual(['document', 'text/x-log']);
  });
});

it('a short signature does not outweigh the extension', async () => {
  const chance = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x00]), Buffer.alloc(600, 7)]);
  expect((await kindOf('a.doc', chance))[0]).toBe('document');
});

it('UTF-16 text is not a recording', async () => {
  expect(await kindOf('a.txt', Buffer.from('\ufeffhello', 'utf16le'))).toEqual(['document', 'text/plain']);
});
