import type { Bytes } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { openZip } from './open-zip.js';

/**
 * The number of files, their sizes and whether any is encrypted (wire document section 4). Directories are not counted. Nothing
 * is unpacked.
 * @throws UnreadableMedia if the file is not a zip archive, or its central directory is larger than 16 MiB
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
    throw new UnreadableMedia('the file is not a readable zip archive');
  }
  return meta;
}
