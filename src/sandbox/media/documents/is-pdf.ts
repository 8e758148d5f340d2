import { type Bytes, readPart } from '../reading/bytes.js';

/** Whether a file begins like a PDF; some have a line of something else before it (PDF 1.7, implementation note 13). */
export async function isPdf(bytes: Bytes): Promise<boolean> {
  const head = await readPart(bytes, 0, 1024);
  return new TextDecoder('latin1').decode(head).includes('%PDF-');
}
