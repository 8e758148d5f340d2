/** Control characters, and those that turn the direction of writing: a terminal would obey them. */
const unprintable = /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** A text from elsewhere, safe to print on a terminal, on one line. */
export function printable(text: string): string {
  return text.toWellFormed().replace(unprintable, '\ufffd');
}

const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const mostBytes = 200;

/** A name for a file in a folder of the user's, made of one that a server gave. Never a path, and never hidden. */
export function fileNameOf(name: string): string {
  const plain = printable(name)
    .replace(/[/\\:*?"<>|\ufffd]/g, '_')
    .replace(/^\.+/, '_')
    .replace(/[. ]+$/, '');
  const filled = plain.trim() === '' ? 'untitled' : plain;
  return shortened(reserved.test(filled) ? `_${filled}` : filled);
}

/** Leaves room for `.part.json`. What is cut is the end of the name, before the extension. */
function shortened(name: string): string {
  const [extension = ''] = /\.[^.]{1,20}$/.exec(name) ?? [];
  const letters = [...name.slice(0, name.length - extension.length)];
  while (Buffer.byteLength(letters.join('') + extension) > mostBytes) letters.pop();
  return letters.join('') + extension;
}
