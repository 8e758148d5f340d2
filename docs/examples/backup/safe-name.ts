/** Names that Windows treats as devices, with any extension. */
const device = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i;

/** Control characters, bidirectional formatting characters, and characters that some file systems do not allow. */
const unsafe = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"/\\|?*]/gu;

/** Characters at the start of a name that other programs treat as an option, a home folder or an argument file. */
const misread = /^[-+~@=]/;

/** File systems allow 255 bytes. The rest is for a number. */
const maxBytes = 200;

/** Turns a name from a server into a file name that is valid on every system and never a path. */
export function safeName(name: string): string {
  const plain = name.toWellFormed().normalize('NFC').replace(unsafe, '_').replace(/^\.+/, '_'); // hidden files and `..`
  const [stem, extension] = split(device.test(plain) || misread.test(plain) ? `_${plain}` : plain);
  const letters = [...stem];
  while (Buffer.byteLength(letters.join('') + extension) > maxBytes) letters.pop();
  const fitting = (letters.join('') + extension).replace(/[. ]+$/, ''); // Windows removes them
  return fitting === '' ? '_' : fitting;
}

/** Adds a number to a name that is in use. @param taken the names in use, folded by {@link fold} */
export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  const [stem, extension] = split(name);
  let unique = name;
  for (let number = 2; taken.has(fold(unique)); number++) unique = `${stem} (${number})${extension}`;
  return unique;
}

/** Maps names that some file system treats as equal to the same string. */
export function fold(name: string): string {
  return name.normalize('NFC').toUpperCase();
}

function split(name: string): [stem: string, extension: string] {
  const [extension = ''] = /(?<=.)\.[^. ]{1,20}$/u.exec(name) ?? [];
  return [name.slice(0, name.length - extension.length), extension];
}
