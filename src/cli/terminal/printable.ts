/** Control characters, and those that turn the direction of writing: a terminal would obey them. */
const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu;

/** A text from elsewhere, safe to print on a terminal, on one line. */
export function printable(text: string): string {
  return text.toWellFormed().replace(unprintable, '\ufffd');
}

/** A value as JSON that is as safe to print, and loses nothing. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** On Windows these are devices, in any folder and with any extension. */
const reserved = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d¹²³]) *(\.|$)/i;
const mostBytes = 200;

/**
 * What a program takes for something else at the beginning of a name, once a shell has put it in place of `*`: an option (`-rf`,
 * and `+` of `less` and `vim`), somebody's home (`~root`), a file of arguments (`@list`), or a command (`=ls` in zsh).
 */
const misread = /^[-+~@=]/;

/**
 * A name for a file in a folder of the user's, made of one that a server gave. Never a path, never hidden, and nothing but a name
 * to other programs.
 */
export function fileNameOf(name: string): string {
  const plain = printable(withoutMiddle(name))
    .replace(/[/\\:*?"<>|\ufffd]/g, '_')
    .trimStart()
    .replace(/^\.+/, '_')
    .replace(/[. ]+$/, '');
  const filled = plain.trim() === '' ? 'untitled' : plain;
  return shortened(reserved.test(filled) || misread.test(filled) ? `_${filled}` : filled);
}

/** Of a name that no file can have, the beginning and the end: what follows takes its time with long ones. */
function withoutMiddle(name: string): string {
  return name.length <= 1_000 ? name : name.slice(0, 500) + name.slice(-500);
}

/** Leaves room for `.part.json`. What is cut is the end of the name, before the extension. */
function shortened(name: string): string {
  const [extension = ''] = /\.[^.]{1,20}$/.exec(name) ?? [];
  const letters = [...name.slice(0, name.length - extension.length)];
  while (Buffer.byteLength(letters.join('') + extension) > mostBytes) letters.pop();
  return letters.join('') + extension;
}
