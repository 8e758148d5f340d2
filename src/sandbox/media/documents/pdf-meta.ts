import { getDocument, VerbosityLevel } from 'unpdf/pdfjs';
import { type Bytes, readAll } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { compact, textOf } from '../reading/values.js';
import { isPdf } from './is-pdf.js';

/**
 * The whole file is read. pdf.js can also request parts, but then it waits in an endless loop for an object whose offset is after the
 * end of the file, and blocks the thread.
 */
const maxBytes = 64 * 1024 * 1024;

/**
 * The title and the author of a PDF. Returns no fields for a PDF that needs a password or is larger than 64 MiB.
 * @throws UnreadableMedia if the file is not a PDF
 */
export async function readPdfMeta(bytes: Bytes): Promise<Record<string, unknown>> {
  if (!(await isPdf(bytes))) throw new UnreadableMedia('the file is not a PDF');
  const data = await readAll(bytes, maxBytes);
  if (!data) return {};
  const task = getDocument({ data, isEvalSupported: false, verbosity: VerbosityLevel.ERRORS });
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
