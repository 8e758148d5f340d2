import { plainText } from './grammar.js';

/** The most characters of a text that are looked at. Everything behind them is dropped before anything else happens. */
const most = 4_000;

/** An echo of the beginning of a secret is removed too if it has this many bytes: servers shorten what they quote. */
const longPrefix = 16;

/**
 * What a server said, fit for a message: plain text, at most 1,000 characters, without the credentials that the server may
 * have echoed. Takes time in proportion to the text, however long the secrets are.
 */
export function quotable(text: string, secrets: readonly string[]): string {
  const cut = text.slice(0, most).toWellFormed();
  const spelled = spell(cut);
  const isHidden: boolean[] = [];
  for (const secret of secrets) {
    // a few characters are in every sentence, and protect nothing
    if (secret.length >= 5) hide(secret, spelled, cut, cut.length < text.length, isHidden);
  }
  let clean = '';
  for (const [i, start] of spelled.starts.entries()) {
    if (isHidden[i]) clean += isHidden[i - 1] ? '' : '[redacted]';
    else clean += cut.slice(start, spelled.starts[i + 1]);
  }
  return plainText(clean);
}

/**
 * A copy of parsed JSON for an error: its texts and keys are {@link quotable}, and there are at most 1,000 values in it,
 * 10 levels deep.
 */
export function quotableJson(value: unknown, secrets: readonly string[]): unknown {
  let left = 1_000;
  const copy = (part: unknown, depth: number): unknown => {
    left--;
    if (Array.isArray(part))
      return depth > 10 ? [] : part.slice(0, Math.max(0, left)).map((one) => copy(one, depth + 1));
    if (typeof part === 'object' && part !== null) {
      const entries = depth > 10 ? [] : Object.entries(part).slice(0, Math.max(0, left));
      return Object.fromEntries(entries.map(([key, one]) => [quotable(key, secrets), copy(one, depth + 1)]));
    }
    const text = String(part);
    const clean = quotable(text, secrets);
    return typeof part === 'string' || clean !== text ? clean : part; // a secret of digits may come as a number
  };
  return copy(value, 0);
}

/**
 * A URL from a server. Undefined when it has a credential in it in any form, also one that only appears when the URL is
 * normalized: `ab/./cd` becomes `ab/cd`.
 */
export function quotableUrl(text: string, secrets: readonly string[]): string | undefined {
  if (text.length > 1_000 || !URL.canParse(text)) return undefined;
  const { href, protocol } = new URL(text);
  const forms = [text, href];
  const isEchoed = (secret: string) => {
    const letters = lettersOf(secret);
    return letters.length >= 5 && forms.some((form) => lettersOf(form).includes(letters));
  };
  const isClean = forms.every((form) => !quotable(form, secrets).includes('[redacted]')) && !secrets.some(isEchoed);
  return isClean && /^https?:$/.test(protocol) ? href : undefined;
}

/** Only letters and digits: whatever else a URL parser adds, removes or encodes. */
function lettersOf(text: string): string {
  const { bytes } = spell(text.slice(0, most).toWellFormed());
  return String.fromCharCode(...bytes.filter((byte) => byte < 128))
    .replace(/[^a-z\d]/gi, '')
    .toLowerCase();
}

/** The bytes that a text spells, and where in the text each of them begins. */
interface Spelled {
  bytes: number[];
  starts: number[];
}

/** A byte in percent-encoding, once or several times, an ASCII character in an escape of JSON, or any other character. */
const pieces = /%(?:25)*([\da-f]{2})|\\+u00([\da-f]{2})|\\*./gisu;

/**
 * Undoes percent-encoding, also where it was done twice, that of forms, and the escapes of JSON. A text and every encoding of
 * it spell the same bytes.
 */
function spell(text: string): Spelled {
  const bytes: number[] = [];
  const starts: number[] = [];
  const add = (byte: number, start: number) => {
    bytes.push(byte);
    starts.push(start);
  };
  for (const { 0: piece, 1: hex, 2: unit, index } of text.matchAll(pieces)) {
    const character = piece.replace(/^\\+(?=.)/s, '');
    const code = character === '+' ? 32 : character.charCodeAt(0);
    if (hex ?? unit) add(Number.parseInt(hex ?? unit ?? '', 16), index);
    else if (code < 128) add(code, index);
    else for (const byte of new TextEncoder().encode(character)) add(byte, index);
  }
  return { bytes, starts };
}

/**
 * Marks the bytes of a text that spell a secret, or a long piece from its beginning (the algorithm of Knuth, Morris and
 * Pratt). A secret of less than eight characters counts only as a word of its own.
 */
function hide(secret: string, { bytes, starts }: Spelled, text: string, isCut: boolean, isHidden: boolean[]): void {
  const wanted = spell(secret.slice(0, most + 1).toWellFormed()).bytes;
  const shorter = [0]; // for each length that matches: the next shorter one that then matches too
  for (let i = 1, length = 0; i < wanted.length; i++) {
    while (length > 0 && wanted[i] !== wanted[length]) length = shorter[length - 1] ?? 0;
    if (wanted[i] === wanted[length]) length++;
    shorter[i] = length;
  }
  const isWord = (from: number, to: number) =>
    secret.length >= 8 || !(/\w/.test(text[(starts[from] ?? 0) - 1] ?? '') || /\w/.test(text[starts[to] ?? -1] ?? ''));
  let length = 0;
  let marked = 0;
  for (let i = 0; i <= bytes.length; i++) {
    while (length > 0 && (length === wanted.length || bytes[i] !== wanted[length])) {
      const isSecret = length === wanted.length && isWord(i - length, i);
      if (isSecret || length >= longPrefix || (isCut && i === bytes.length)) {
        for (let at = Math.max(marked, i - length); at < i; at++) isHidden[at] = true;
        marked = i;
      }
      length = shorter[length - 1] ?? 0;
    }
    if (bytes[i] === wanted[length]) length++;
  }
}
