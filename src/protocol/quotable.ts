import { plainText } from './grammar.js';

/** The maximum number of characters that are processed. The rest is dropped first. */
const maxCharacters = 4_000;

/** How many bytes in a row of a secret are removed: all of them, and fewer from a longer secret, because servers truncate what they quote. */
const pieceSize = 16;

/**
 * Text from a server for a message: plain text of at most 1,000 characters, without credentials that the server echoed. The
 * running time is linear in the length of the text, however long the secrets are.
 */
export function quotable(text: string, secrets: readonly string[]): string {
  return redacted(text, piecesOf(secrets));
}

/**
 * A copy of parsed JSON for an error. Its strings and keys are {@link quotable}. It has at most 200 values and 10 levels.
 */
export function quotableJson(value: unknown, secrets: readonly string[]): unknown {
  const pieces = piecesOf(secrets);
  let remaining = 200;
  const copy = (part: unknown, depth: number): unknown => {
    if (typeof part === 'object' && part !== null) {
      const entries: [string, unknown][] = [];
      for (const [key, item] of depth < 10 ? Object.entries(part) : []) {
        if (--remaining < 0) break;
        entries.push([redacted(key, pieces), copy(item, depth + 1)]);
      }
      return Array.isArray(part) ? entries.map(([, item]) => item) : Object.fromEntries(entries);
    }
    const clean = redacted(String(part), pieces);
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
  const { bytes } = decodeText(text.slice(0, maxCharacters));
  return bytes.replace(/[^a-z\d]/gi, '').toLowerCase();
}

/** The decoded bytes of a text, one character for each, and the index in the text where each one starts. */
interface DecodedText {
  bytes: string;
  starts: number[];
}

/**
 * Decodes repeated percent-encoding, form encoding and JSON escapes, so that a text and every encoding of it have the same bytes.
 * Backslashes are ignored.
 */
function decodeText(text: string): DecodedText {
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
  return { bytes: String.fromCharCode(...bytes), starts };
}

/**
 * The sequences of bytes to remove. Secrets of fewer than 5 characters are left out, because they would match ordinary words.
 * @returns them by their length
 */
function piecesOf(secrets: readonly string[]): Map<number, Set<string>> {
  const pieces = new Map<number, Set<string>>();
  for (const secret of secrets.filter(({ length }) => length >= 5)) {
    const { bytes } = decodeText(secret.slice(0, 4 * maxCharacters)); // decoding makes it shorter
    const size = Math.min(bytes.length, pieceSize);
    if (size === 0) continue;
    const ofSize = pieces.get(size) ?? new Set();
    for (let at = 0; at + size <= bytes.length; at++) ofSize.add(bytes.slice(at, at + size));
    pieces.set(size, ofSize);
  }
  return pieces;
}

function redacted(text: string, pieces: ReadonlyMap<number, ReadonlySet<string>>): string {
  const { bytes, starts } = decodeText(text.slice(0, maxCharacters));
  if (bytes === '') return plainText(text);
  const isWord = (at: number | undefined) => /\w/.test(text[at ?? -1] ?? '');
  const isHidden = new Uint8Array(bytes.length);
  for (const [size, ofSize] of pieces) {
    for (let at = 0; at + size <= bytes.length; at++) {
      if (!ofSize.has(bytes.slice(at, at + size))) continue;
      const isPartOfWord = isWord((starts[at] ?? 0) - 1) || isWord(starts[at + size]);
      if (size >= 8 || !isPartOfWord) isHidden.fill(1, at, at + size);
    }
  }
  // where the text was truncated, a secret may be too
  const shown = text.length > maxCharacters ? starts.slice(0, Math.max(0, starts.length - pieceSize)) : starts;
  const parts = shown.map((start, i) => {
    if (isHidden[i]) return isHidden[i - 1] ? '' : '[redacted]';
    return text.slice(start, starts[i + 1]);
  });
  return plainText(parts.join(''));
}
