import { getDocument, PDFDataRangeTransport, VerbosityLevel } from 'unpdf/pdfjs';
import { type Bytes, readPart } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { compact, textOf } from '../reading/values.js';
import { isPdf } from './is-pdf.js';

/** pdf.js allocates memory for the whole file, even though it reads only parts of it. */
const maxBytes = 64 * 1024 * 1024;

/**
 * The title and the author of a PDF. Returns no fields for a PDF that needs a password or is larger than 64 MiB.
 * @throws UnreadableMedia if the file is not a PDF
 */
export async function readPdfMeta(bytes: Bytes): Promise<Record<string, unknown>> {
  if (!(await isPdf(bytes))) throw new UnreadableMedia('the file is not a PDF');
  if (bytes.size > maxBytes) return {};
  class Parts extends PDFDataRangeTransport {
    override async requestDataRange(begin: number, end: number): Promise<void> {
      try {
        this.onDataRange(begin, await readPart(bytes, begin, end - begin));
      } catch {
        await task.destroy(); // pdf.js ignores this rejection and would wait for the bytes forever
      }
    }
  }
  const task = getDocument({
    range: new Parts(bytes.size, null),
    disableAutoFetch: true,
    disableStream: true,
    isEvalSupported: false,
    verbosity: VerbosityLevel.ERRORS,
  });
  try {
    const { info } = await (await task.promise).getMetadata();
    const fields: Record<string, unknown> = { ...info };
    return compact({ title: textOf(fields.Title), author: textOf(fields.Author) });
  } catch (error) {
    if (error instanceof Error && error.name === 'PasswordException') return {};
    throw new UnreadableMedia('the file is not a readable PDF');
  } finally {
    await task.destroy();
  }
}
