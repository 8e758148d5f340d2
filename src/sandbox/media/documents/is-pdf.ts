import { type Bytes, readPart } from '../reading/bytes.js';

/** Whether the first 1,024 bytes contain a PDF header. Other bytes may precede it (PDF 1.7, implementation note 13). */
export async function isPdf(bytes: Bytes): Promise<boolean> {
  const head = await readPart(bytes, 0, 1024);
  return new TextDecoder('latin1').decode(head).includes('%PDF-');
}
