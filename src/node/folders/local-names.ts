import { basename, dirname, join } from 'node:path';
import { sideFiles } from '../files/side-files.js';

/** Names that Windows treats as devices, with any extension. */
const device = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i;

/** Control characters, invisible characters that change the direction of text, and characters that some file systems do not allow. */
const unsafe = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"/\\|?*]/gu;

/** Programs would treat the name as an option or a home folder. */
const misread = /^[-~]/;

const mostBytes = 255;

/**
 * Turns a name of a server into the name of a file or folder that is valid on every system and never a path.
 * @param hidden whether it may begin with a dot
 */
export function safeName(name: string, hidden: boolean): string {
  const plain = name.toWellFormed().normalize('NFC').replace(unsafe, '_').trimStart();
  const fitting = shortened(plain, '').replace(/[. ]+$/, ''); // Windows removes them
  if (fitting === '') return '_';
  const isHidden = fitting.startsWith('.') && !hidden;
  return device.test(fitting) || misread.test(fitting) || isHidden ? shortened(`_${fitting}`, '') : fitting;
}

/** Adds a number to the stem, and shortens the stem so that the name is not too long. The extension is kept. */
function shortened(name: string, number: string): string {
  const [extension = ''] = /(?<=.)\.[^. ]{1,20}$/u.exec(name) ?? [];
  const ending = number + extension;
  const characters = [...name.slice(0, name.length - extension.length)];
  let bytes = Buffer.byteLength(characters.join('') + ending);
  while (bytes > mostBytes) bytes -= Buffer.byteLength(characters.pop() ?? '');
  return characters.join('') + ending;
}

/** Names that some file system treats as equal become the same text. */
function fold(path: string): string {
  return join(path).normalize('NFC').toUpperCase();
}

/** A file to name, and the safe path that it should have, with `/`. */
interface Wanted {
  path: string;
  /** Milliseconds since 1970. */
  added: number;
  id: string;
}

/**
 * Gives each file a path of its own: the second `a.txt` becomes `a (2).txt`. Names are also different for file systems that ignore
 * case (rclone/rclone#107), and never those of a folder or of a temporary file of another download.
 *
 * The files are numbered in the order in which they were added, so that the same files have the same names in the next run.
 */
export function localPaths(wanted: readonly Wanted[]): string[] {
  const folders = new Set<string>();
  for (const { path } of wanted) {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(fold(folder));
  }
  const taken = new Set<string>();
  const isFree = (path: string) => !taken.has(fold(path)) && !folders.has(fold(path));
  const numbers = new Map<string, number>();
  const paths: string[] = [];

  const order = wanted.map((file, index) => ({ ...file, index }));
  order.sort((one, other) => one.added - other.added || Number(one.id > other.id) - Number(one.id < other.id));
  for (const { path, index } of order) {
    const key = fold(path);
    let candidate = path;
    let number = numbers.get(key) ?? 1;
    while (![candidate, ...Object.values(sideFiles(candidate))].every(isFree)) {
      candidate = join(dirname(path), shortened(basename(path), ` (${++number})`)).replaceAll('\\', '/');
    }
    numbers.set(key, number);
    for (const name of [candidate, ...Object.values(sideFiles(candidate))]) taken.add(fold(name));
    paths[index] = candidate;
  }
  return paths;
}
