import { plainText } from './grammar.js';

/** What a server said, fit for a message: plain text, and without the credentials it may have echoed. */
export function quotable(text: string, secrets: readonly string[]): string {
  return plainText(secrets.reduce((clean, secret) => clean.replace(echoOf(secret), '[redacted]'), text));
}

/**
 * Matches a secret as it is and in every form of percent encoding. A short one only as a word of its own, and one of less
 * than five characters not at all: its letters are in every sentence, and it protects nothing.
 */
function echoOf(secret: string): RegExp {
  if (secret.length < 5) return /(?!)/;
  const forms = Array.from(secret.toWellFormed(), (character) => {
    const plain = character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
    const bytes = Array.from(new TextEncoder().encode(character), (byte) => byte.toString(16).padStart(2, '0'));
    const encoded = bytes
      .map((byte) => `%${byte.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)}`)
      .join('');
    return `(?:${plain}|${encoded}${character === ' ' ? '|\\+' : ''})`;
  });
  return new RegExp(secret.length < 8 ? `(?<!\\w)${forms.join('')}(?!\\w)` : forms.join(''), 'g');
}
