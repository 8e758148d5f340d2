import { fileTypeFromTokenizer } from 'file-type';
import { type Bytes, readPart } from '../reading/bytes.js';
import { BytesTokenizer } from '../reading/tokenizer.js';
import type { Content } from './decide-kind.js';
import { sniffText } from './sniff-text.js';

/** Signatures of two or three bytes, which other content can have by chance. */
const weakTypes = new Set(['audio/mpeg', 'audio/aac', 'image/x-icon', 'image/jls', 'application/x-compress']);

/** Recognizes content by its signature. Reads a few parts of the file, at most. */
export async function sniff(bytes: Bytes): Promise<Content> {
  const text = await sniffText(bytes);
  if (text) return text;
  const head = await readPart(bytes, 0, 1024);
  const found = await fileTypeFromTokenizer(new BytesTokenizer(bytes)).catch(() => undefined); // it is too damaged
  if (!found) return {};
  // file-type looks at two packets: two letters G at the right distance are enough for it
  if (found.mime === 'video/mp2t' && !isTransportStream(head)) return {};
  const hasTag = head[0] === 0x49 && head[1] === 0x44 && head[2] === 0x33; // ID3
  return { type: found.mime, isWeak: weakTypes.has(found.mime) && !hasTag };
}

/** Whether each packet of 188 bytes begins with the sync byte: in M2TS, after a time code of four bytes. */
function isTransportStream(head: Uint8Array): boolean {
  return [
    { start: 0, distance: 188 },
    { start: 4, distance: 192 },
  ].some(({ start, distance }) => {
    let packets = 0;
    for (let at = start; at < head.length; at += distance) {
      if (head[at] !== 0x47) return false;
      packets += 1;
    }
    return packets >= 3;
  });
}
