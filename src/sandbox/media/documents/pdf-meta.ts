import { getDocument, PDFDataRangeTransport, VerbosityLevel } from 'unpdf/pdfjs';
import { type Bytes, readPart } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { compact, textOf } from '../reading/values.js';
import { isPdf } from './is-pdf.js';

/** Only parts of it are read, but pdf.js reserves the memory for all of it. */
const mostBytes = 64 * 1024 * 1024;

/**
 * Title and author of a PDF. Of one that needs a password, or has more than 64 MiB, nothing is known.
 * @throws UnreadableMedia when it is no PDF
 */
export async function readPdfMeta(bytes: Bytes): Promise<Record<string, unknown>> {
  if (!(await isPdf(bytes))) throw new UnreadableMedia('this is no PDF');
  if (bytes.size > mostBytes) return {};
  class Parts extends PDFDataRangeTransport {
    override async requestDataRange(begin: number, end: number): Promise<void> {
      try {
        this.onDataRange(begin, await readPart(bytes, begin, end - begin));
      } catch {
        await task.destroy(); // nobody waits for this, and the document would wait for its bytes for ever
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
    throw new UnreadableMedia('this is no readable PDF');
  } finally {
    await task.destroy();
  }
}
