import type { Bytes } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { openZip } from './open-zip.js';

/**
 * What a zip says it holds (wire document section 4). Directories are not counted; nothing is unpacked.
 * @throws UnreadableMedia when it is no zip, or its list of entries is longer than 16 MiB
 */
export async function readZipMeta(bytes: Bytes): Promise<Record<string, unknown>> {
  const meta = { encrypted: false, bytesComp: 0, bytesUncomp: 0, numFiles: 0 };
  try {
    const zip = openZip(bytes);
    for await (const entry of zip.entries({ strictness: 'tolerant' })) {
      if (entry.directory) continue;
      meta.encrypted ||= entry.encrypted;
      meta.bytesComp += entry.compressedSize;
      meta.bytesUncomp += entry.uncompressedSize;
      meta.numFiles += 1;
    }
    await zip.close();
  } catch {
    throw new UnreadableMedia('this is no readable zip');
  }
  return meta;
}
