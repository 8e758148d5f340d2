/** What Windows takes for a device, whatever the extension. */
const device = /^(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)/i;

/** Control characters, those that turn the direction of writing, and what one file system or another forbids. */
const unsafe = /[\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"/\\|?*]/gu;

/** What other programs take for an option, a home folder or a file of arguments, at the beginning of a name. */
const misread = /^[-+~@=]/;

/** File systems take 255. What is left is for a number. */
const mostBytes = 200;

/** A name that a server gave, as the name of one file in a folder: never a path, and possible on every system. */
export function safeName(name: string): string {
  const plain = name.toWellFormed().normalize('NFC').replace(unsafe, '_').replace(/^\.+/, '_'); // hidden, or the folder above
  const [stem, extension] = split(device.test(plain) || misread.test(plain) ? `_${plain}` : plain);
  const letters = [...stem];
  while (Buffer.byteLength(letters.join('') + extension) > mostBytes) letters.pop();
  const fitting = (letters.join('') + extension).replace(/[. ]+$/, ''); // Windows leaves them out
  return fitting === '' ? '_' : fitting;
}

/** The name, with a number if need be, so that it is none of those taken. @param taken folded by {@link fold} */
export function uniqueName(name: string, taken: ReadonlySet<string>): string {
  const [stem, extension] = split(name);
  let unique = name;
  for (let number = 2; taken.has(fold(unique)); number++) unique = `${stem} (${number})${extension}`;
  return unique;
}

/** What two names have in common that some file system takes for one. */
export function fold(name: string): string {
  return name.normalize('NFC').toUpperCase();
}

function split(name: string): [stem: string, extension: string] {
  const [extension = ''] = /(?<=.)\.[^. ]{1,20}$/u.exec(name) ?? [];
  return [name.slice(0, name.length - extension.length), extension];
}
