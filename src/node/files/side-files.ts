import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

/** The temporary files of a download. They are in the same folder as the file, so that the part can be renamed. */
export interface SideFiles {
  /** The bytes downloaded so far. */
  part: string;
  /** JSON with the URL and version of the file that the part belongs to. */
  info: string;
  /** A folder with one claim for each process that wants to write the file. */
  lock: string;
}

/**
 * The longest name, in bytes, that leaves room for the suffixes on every file system: eCryptfs (Synology, encrypted home folders)
 * allows 143 bytes, others 255.
 */
const maxBytes = 143 - '.part.lock'.length;
const keptBytes = 100;

export function sideFiles(path: string): SideFiles {
  const stem = join(dirname(path), stemOf(basename(path)));
  return { part: `${stem}.part`, info: `${stem}.part.json`, lock: `${stem}.part.lock` };
}

/** Shortens a name that is too long for a suffix. A hash distinguishes names with the same beginning. */
function stemOf(name: string): string {
  if (Buffer.byteLength(name) <= maxBytes) return name;
  let kept = '';
  for (const character of name) {
    if (Buffer.byteLength(kept + character) > keptBytes) break;
    kept += character;
  }
  // names that the file system treats as equal must have the same lock
  const folded = name.normalize('NFC').toLowerCase();
  return `${kept}.${createHash('sha256').update(folded).digest('hex').slice(0, 16)}`;
}
