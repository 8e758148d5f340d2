import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describe as describeFile } from '../../../../src/sandbox/media/describe.js';
import { bytesOf } from '../../../fixtures/make-bytes.js';
import { makeOpenDocument, makeWord } from '../../../fixtures/make-office.js';
import { makeZip } from '../../../fixtures/make-zip.js';
import { requires } from '../../../support/requirements.js';

const read = (name: string, content: Uint8Array) =>
  describeFile({ extension: name.slice(2), declared: '' }, bytesOf(content));
const text = (...entries: [name: string, content: string][]) =>
  makeZip(entries.map(([name, content]) => ({ name, content: Buffer.from(content) })));

describe('the metadata of an office file', () => {
  it('are its title and its author', async () => {
    const core =
      '<dc:title>Grüße &amp; &#128516; &lt;b&gt;</dc:title><dc:creator>Alice</dc:creator><cp:lastModifiedBy>Bob</cp:lastModifiedBy>';
    expect((await read('a.docx', makeWord({ core }))).meta).toEqual({ title: 'Grüße & 😄 <b>', author: 'Alice' });
    const meta =
      '<meta:initial-creator>Alice</meta:initial-creator><dc:creator>Bob</dc:creator><dc:title xml:lang="de">Ü</dc:title>';
    expect((await read('a.odt', makeOpenDocument('', meta))).meta).toEqual({ title: 'Ü', author: 'Alice' });
    const only = makeOpenDocument('', '<dc:creator>Bob</dc:creator><dc:title></dc:title>', 'spreadsheet');
    expect((await read('a.ods', only)).meta).toEqual({ author: 'Bob' });
  });

  it('are none without properties, or with a password', async () => {
    expect(await read('a.docx', makeWord())).toMatchObject({ isReadable: true, meta: {} });
    const compound = new Uint8Array(1024);
    compound.set([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
    expect(await read('a.docx', compound)).toMatchObject({ isReadable: true, meta: {} });
  });

  it.each([
    ['an entity', '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><dc:title>&e;</dc:title>', { title: '&e;' }],
    [
      'an impossible character',
      '<dc:title>a&#9999999;&#x110000;&#xd800;</dc:title>',
      { title: 'a&#9999999;&#x110000;�' },
    ],
    ['markup', '<dc:title><b>a</b></dc:title><dc:creator>a', {}],
    ['control characters', '<dc:title>a&#10;&#27;b&#0;c</dc:title>', { title: 'a b' }],
  ])('are harmless with %s', async (_name, core, meta) => {
    expect((await read('a.docx', makeWord({ core }))).meta).toEqual(meta);
  });

  it('are not read if they are larger than they can be', async () => {
    const core = `<dc:title>a</dc:title>${' '.repeat(10_000_000)}`;
    expect(await read('a.docx', makeWord({ core }))).toMatchObject({ isReadable: false, meta: {} });
  });

  it('are read in files of LibreOffice', requires('soffice'), async () => {
    const folder = mkdtempSync(join(tmpdir(), 'office-meta-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const source = makeOpenDocument(
      '<text:p>Hello</text:p>',
      '<dc:title>Grüße &amp; so</dc:title><meta:initial-creator>Alice</meta:initial-creator>',
    );
    writeFileSync(join(folder, 'a.odt'), source);
    const profile = `-env:UserInstallation=${pathToFileURL(join(folder, 'profile'))}`;
    for (const format of ['docx', 'ott:writer8_template']) {
      execFileSync(
        'soffice',
        [profile, '--headless', '--convert-to', format, '--outdir', folder, join(folder, 'a.odt')],
        { stdio: 'ignore' },
      );
    }
    for (const name of ['a.docx', 'a.ott']) {
      const found = await read(name, readFileSync(join(folder, name)));
      expect([name, found.meta]).toEqual([name, { title: 'Grüße & so', author: 'Alice' }]);
    }
  });
});

it('an office file that is not an archive is not readable', async () => {
  expect(await read('a.docx', Buffer.from('PK\x03\x04 and nothing more'))).toMatchObject({ isReadable: false });
  expect(await read('a.odt', text(['mimetype', 'application/vnd.oasis.opendocument.text']))).toMatchObject({
    isReadable: true,
  });
});
