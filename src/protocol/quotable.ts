import { plainText } from './grammar.js';

/** The maximum number of characters that are processed. The rest is dropped first. */
const most = 4_000;

/** A prefix of a secret is also removed if it has at least this many bytes, because servers truncate what they quote. */
const longPiece = 16;

/**
 * Text from a server for a message: plain text of at most 1,000 characters, without credentials that the server echoed. The
 * running time is linear in the length of the text, however long the secrets are.
 */
export function quotable(text: string, secrets: readonly string[]): string {
  return redacted(text, secrets.map(patternOf));
}

/**
 * A copy of parsed JSON for an error. Its strings and keys are {@link quotable}. It has at most 200 values and 10 levels.
 */
export function quotableJson(value: unknown, secrets: readonly string[]): unknown {
  const patterns = secrets.map(patternOf);
  let left = 200;
  const copy = (part: unknown, depth: number): unknown => {
    if (typeof part === 'object' && part !== null) {
      const entries: [string, unknown][] = [];
      for (const [key, one] of depth < 10 ? Object.entries(part) : []) {
        if (--left < 0) break;
        entries.push([redacted(key, patterns), copy(one, depth + 1)]);
      }
      return Array.isArray(part) ? entries.map(([, one]) => one) : Object.fromEntries(entries);
    }
    const clean = redacted(String(part), patterns);
    return typeof part === 'string' || clean !== String(part) ? clean : part; // a secret of digits may be a number
  };
  return copy(value, 0);
}

/**
 * A URL from a server.
 *
 * @returns undefined if it contains a credential in any encoding, or one that appears only when the URL is normalized: `ab/./cd`
 * becomes `ab/cd`
 */
export function quotableUrl(text: string, secrets: readonly string[]): string | undefined {
  if (text.length > 1_000 || !URL.canParse(text)) return undefined;
  const { href, protocol } = new URL(text);
  const hasEcho = [text, href].some((form) => {
    const isEchoed = (letters: string) => letters.length > 4 && lettersOf(form).includes(letters);
    return quotable(form, secrets).includes('[redacted]') || secrets.map(lettersOf).some(isEchoed);
  });
  return hasEcho || !/^https?:$/.test(protocol) ? undefined : href;
}

/** The letters and digits, which a URL parser does not add, remove or encode. */
function lettersOf(text: string): string {
  const letters = spell(text.slice(0, most)).bytes.filter((byte) => byte < 128);
  return String.fromCharCode(...letters)
    .replace(/[^a-z\d]/gi, '')
    .toLowerCase();
}

/** The decoded bytes of a text, and the index in the text where each one starts. */
interface Spelled {
  bytes: number[];
  starts: number[];
}

/**
 * Decodes repeated percent-encoding, form encoding and JSON escapes, so that a text and every encoding of it have the same bytes.
 * Backslashes are ignored.
 */
function spell(text: string): Spelled {
  const bytes: number[] = [];
  const starts: number[] = [];
  let index = 0;
  const add = (byte: number, start: number) => {
    if (byte === 0x5c) return;
    bytes.push(byte === 0x2b ? 0x20 : byte);
    starts.push(bytes.length > 1 ? start : 0);
    if (bytes.at(-3) !== 0x25) return;
    const hex = String.fromCharCode(...bytes.slice(-2));
    if (!/[\da-f]{2}/i.test(hex)) return;
    bytes.length -= 3;
    const [first = 0] = starts.splice(-3);
    add(Number.parseInt(hex, 16), first);
  };
  for (const character of text.toWellFormed()) {
    const code = character.charCodeAt(0);
    if (code < 128) add(code, index);
    else for (const byte of new TextEncoder().encode(character)) add(byte, index);
    index += character.length;
  }
  return { bytes, starts };
}

interface Pattern {
  /** Empty for a secret of fewer than 5 characters, which would match ordinary words. */
  bytes: number[];
  /** The failure function of the Knuth-Morris-Pratt algorithm. */
  shorter: number[];
  /** Whether the secret matches only as a whole word. */
  isShort: boolean;
}

function patternOf(secret: string): Pattern {
  const bytes = secret.length < 5 ? [] : spell(secret.slice(0, 4 * most)).bytes; // decoding makes it shorter
  const shorter = [0];
  for (let i = 1, length = 0; i < bytes.length; i++) {
    while (length > 0 && bytes[i] !== bytes[length]) length = shorter[length - 1] ?? 0;
    if (bytes[i] === bytes[length]) length++;
    shorter.push(length);
  }
  return { bytes, shorter, isShort: secret.length < 8 };
}

function redacted(text: string, patterns: readonly Pattern[]): string {
  const isCut = text.length > most;
  const head = isCut ? text.slice(0, most).replace(/[%\\][\da-fu]*$/i, '') : text; // removes an incomplete escape at the end
  const { bytes, starts } = spell(head);
  const isWord = (at: number | undefined) => /\w/.test(head[at ?? -1] ?? '');
  const isHidden: boolean[] = [];
  for (const { bytes: wanted, shorter, isShort } of patterns) {
    let length = 0;
    let marked = 0;
    for (let i = 0; i <= bytes.length && wanted.length > 0; i++) {
      while (length > 0 && (length === wanted.length || bytes[i] !== wanted[length])) {
        const start = i - length;
        const isWhole =
          length === wanted.length && !(isShort && (isWord((starts[start] ?? 0) - 1) || isWord(starts[i])));
        if (isWhole || length >= longPiece || (isCut && i === bytes.length)) {
          for (let at = Math.max(marked, start); at < i; at++) isHidden[at] = true;
          marked = i;
        }
        length = shorter[length - 1] ?? 0;
      }
      if (bytes[i] === wanted[length]) length++;
    }
  }
  const pieces = starts.map((start, i) => {
    if (isHidden[i]) return isHidden[i - 1] ? '' : '[redacted]';
    return head.slice(start, starts[i + 1]);
  });
  return plainText(pieces.join('') || head);
}
