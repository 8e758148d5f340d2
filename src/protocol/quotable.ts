import { plainText } from './grammar.js';

/** What a server said, fit for a message: plain text, and without the credentials it may have echoed. */
export function quotable(text: string, secrets: readonly string[]): string {
  const long = secrets.filter((secret) => secret.length >= 8); // a shorter one is no credential, and in every word
  return plainText(long.reduce((clean, secret) => clean.replace(echoOf(secret), '[redacted]'), text));
}

/** Matches a secret as it is and in every form of percent encoding. */
function echoOf(secret: string): RegExp {
  const forms = Array.from(secret.toWellFormed(), (character) => {
    const plain = character.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
    const bytes = Array.from(new TextEncoder().encode(character), (byte) => byte.toString(16).padStart(2, '0'));
    const encoded = bytes
      .map((byte) => `%${byte.replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`)}`)
      .join('');
    return `(?:${plain}|${encoded}${character === ' ' ? '|\\+' : ''})`;
  });
  return new RegExp(forms.join(''), 'g');
}
