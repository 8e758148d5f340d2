import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';

/** The files beside one that is being downloaded, in the same folder, so that the part can be renamed to it. */
export interface SideFiles {
  /** The bytes so far. */
  part: string;
  /** What they are of. */
  note: string;
  /** A folder: the claims of those who want to write the file. */
  lock: string;
}

/**
 * Bytes that a name may have on every file system: 143 on eCryptfs (Synology, encrypted home folders), 255 on others. The
 * longest ending needs ten of them.
 */
const mostBytes = 143 - '.part.lock'.length;
const keptBytes = 100;

export function sideFiles(path: string): SideFiles {
  const stem = join(dirname(path), stemOf(basename(path)));
  return { part: `${stem}.part`, note: `${stem}.part.json`, lock: `${stem}.part.lock` };
}

/** A name that is too long for an ending is cut, and told from others that begin alike by a hash. */
function stemOf(name: string): string {
  if (Buffer.byteLength(name) <= mostBytes) return name;
  let kept = '';
  for (const character of name) {
    if (Buffer.byteLength(kept + character) > keptBytes) break;
    kept += character;
  }
  // where the file system takes two spellings for one name, they have to have one lock
  const folded = name.normalize('NFC').toLowerCase();
  return `${kept}.${createHash('sha256').update(folded).digest('hex').slice(0, 16)}`;
}
