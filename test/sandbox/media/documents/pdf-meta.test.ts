import { expect, it } from 'vitest';
import { readMeta } from '../../../../src/sandbox/media/meta.js';
import { UnreadableMedia } from '../../../../src/sandbox/media/reading/unreadable-media.js';
import { ascii, bytesOf } from '../../../fixtures/make-bytes.js';
import { makeCompressedPdf, makePdf } from '../../../fixtures/make-pdf.js';

const info = '/Title (On Computable Numbers) /Author <FEFF0041002E0020D835DD4B>';
const known = { title: 'On Computable Numbers', author: 'A. 𝕋' };
const read = (file: Uint8Array) => readMeta('application/pdf', 'document', bytesOf(file));

it('reads title and author of a PDF', async () => {
  expect(await read(makePdf(info))).toEqual(known);
});

it('reads title and author from a compressed object stream', async () => {
  const file = makeCompressedPdf(info);
  expect(Buffer.from(file).includes('Computable')).toBe(false);
  expect(await read(file)).toEqual(known);
});

it('returns no fields for a PDF without title and author', async () => {
  expect(await read(makePdf('/Title () /Producer (pdftex)'))).toEqual({});
});

it('does not read a PDF that is larger than 64 MiB', async () => {
  const bytes = bytesOf(withAttachment(makePdf(info), 65 * 1024 * 1024), 64 * 1024);
  expect(await readMeta('application/pdf', 'document', bytes)).toEqual({});
  expect(bytes.requested.total).toBeLessThan(10_000);
});

it('rejects a file that is not a PDF', async () => {
  await expect(read(ascii('%PDX-1.4 something else'))).rejects.toThrow(UnreadableMedia);
  await expect(read(ascii('%PDF-1.4\nand then nothing of the kind'))).rejects.toThrow(UnreadableMedia);
  await expect(read(new Uint8Array())).rejects.toThrow(UnreadableMedia);
});

/** Inserts an object of `size` bytes before all others, and corrects the offsets in the cross-reference table. */
function withAttachment(pdf: Uint8Array, size: number): Uint8Array {
  const attachment = Buffer.concat([
    ascii(`9 0 obj\n<< /Length ${size} >>\nstream\n`),
    Buffer.alloc(size, 'x'),
    ascii('\nendstream\nendobj\n'),
  ]);
  const moved = (digits: string) => String(Number(digits) + attachment.length);
  const text = Buffer.from(pdf)
    .toString('latin1')
    .replaceAll(/\d{10}(?= 00000 n)/g, (digits) => moved(digits).padStart(10, '0'))
    .replace(/(?<=startxref\n)\d+/, moved);
  const [head, rest] = [text.slice(0, 9), text.slice(9)];
  return Buffer.concat([Buffer.from(head, 'latin1'), attachment, Buffer.from(rest, 'latin1')]);
}
