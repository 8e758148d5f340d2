/** Control characters and characters that change the text direction, which a terminal would interpret. */
const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu;

/** Makes untrusted text safe to print in one line on a terminal. */
export function printable(text: string): string {
  return text.toWellFormed().replace(unprintable, '\ufffd');
}

/** Formats a value as JSON that is safe to print. The characters are escaped, so parsing it returns the same value. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** On Windows these names are devices, in any folder and with any extension. */
const reserved = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\.|$)/i;

/** Leaves room for the suffix `.part.json`: file systems allow 255 bytes. */
const maxBytes = 200;

/**
 * First characters that programs treat specially when a shell expands `*` to the name: options (`-rf`, and `+` in `less` and
 * `vim`), home folders (`~root`), argument files (`@list`) and commands (`=ls` in zsh).
 */
const special = /^[-+~@=]/;

/** Converts a name from a server to a safe file name: not a path, not hidden, and not special to other programs. */
export function fileNameOf(name: string): string {
  const plain = printable(withoutMiddle(name))
    .replace(/[/\\:*?"<>|\ufffd]/g, '_')
    .trimStart()
    .replace(/^\.+/, '_')
    .replace(/[. ]+$/, '');
  const filled = plain.trim() === '' ? 'untitled' : plain;
  return shortened(reserved.test(filled) || special.test(filled) ? `_${filled}` : filled);
}

/** Keeps the start and the end of an overlong name, because the code that follows is slow with long names. */
function withoutMiddle(name: string): string {
  return name.length <= 1_000 ? name : name.slice(0, 500) + name.slice(-500);
}

/** Shortens the name before its extension. */
function shortened(name: string): string {
  const [extension = ''] = /\.[^.]{1,20}$/.exec(name) ?? [];
  const letters = [...name.slice(0, name.length - extension.length)];
  while (Buffer.byteLength(letters.join('') + extension) > maxBytes) letters.pop();
  return letters.join('') + extension;
}
