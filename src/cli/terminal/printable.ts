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
