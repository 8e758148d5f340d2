import { parseJson } from '../../protocol/schemas/envelope.js';
import type { Parser } from '../http/response.js';

/** A member of a JSON object. */
export type Member = [key: string, value: unknown];

/** Parses an envelope around a map incrementally, in the order of the wire. */
export interface Splitter<T> {
  /** Returns the values of the members of `result` that these bytes completed, up to the first that was not accepted. */
  write(chunk: Uint8Array): T[];
  /** Whether this can no longer become JSON. */
  isBroken(): boolean;
  /** The number of members so far. */
  count(): number;
  /** The first member that was not accepted. */
  wrong(): Member | undefined;
  /** The text outside of `result`. */
  frame(): string;
  /** The document up to the first member, with the missing braces. */
  head(): unknown;
  /** The document with an empty `result`. Undefined if it is not JSON. */
  end(): unknown;
}

/** The maximum number of bytes in one member. */
const mostHeld = 16 * 1024 * 1024;

const space = 0x20;
const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The position of the brace, if there is a key without escapes and an object here, without white space. 0 if not. */
function objectAfterKey(bytes: Uint8Array, at: number): number {
  let i = at + 1;
  for (let byte = bytes[i] ?? 0; byte !== quote; byte = bytes[++i] ?? 0)
    if (byte < space || byte === backslash) return 0;
  return bytes[i + 1] === colon && bytes[i + 2] === openBrace ? i + 2 : 0;
}

/**
 * `JSON.parse` of the whole document would sort integer-like keys to the front and keep only one of several members with the same
 * key. So the splitter finds where the members of `result` end, and passes complete members to `JSON.parse` in batches, as an array
 * of keys and values: in its own copy of the bytes it replaces the colon after each key with a comma. `JSON.parse` still validates
 * the JSON. Keys that are parsed as values also avoid nodejs/node#63785, which confuses escaped keys.
 *
 * It works on bytes, which are scanned twice as fast as text. No byte of a character beyond ASCII looks like one of ASCII.
 *
 * Scanning takes nearly as long as `JSON.parse`, so the splitter guesses first: {@link takeGuessed}.
 * @param accept checks and converts a value. Returns undefined if it is wrong
 */
export function splitter<T>(accept: (value: unknown) => T | undefined): Splitter<T> {
  let bytes = new Uint8Array(0);
  let from = 1; // the first byte that is neither in the frame nor parsed; the one before it becomes a bracket
  let to = 1;
  let at = 1; // the first byte that was not scanned: beyond the end, if the last one was a backslash
  let depth = 0;
  let inString = false;
  let start = 0; // of the last string
  let frame = '';
  let opening: string | undefined; // the frame up to the first member
  let name: string | undefined; // the last string of the envelope itself
  let inside = false; // between the braces of `result`
  let complete = 0; // the end of the last complete member
  let wantsKey = true;
  let isFirst = true;
  let broken = false;
  let count = 0;
  let wrong: Member | undefined;
  let guesses = true;
  let scratch = new Uint8Array(0);
  const mark = 1e8 + Math.floor(Math.random() * 9e8); // nine digits that no server can know
  const markBytes = new TextEncoder().encode(`${mark},`);
  const frameDecoder = new TextDecoder();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

  function append(chunk: Uint8Array): void {
    broken ||= to - from > mostHeld;
    const shift = from - 1;
    const size = to - shift + chunk.length;
    if (size > bytes.length) {
      const larger = new Uint8Array(2 * size);
      larger.set(bytes.subarray(from, to), 1);
      bytes = larger;
    } else bytes.copyWithin(1, from, to);
    from = 1;
    to -= shift;
    at -= shift;
    start -= shift;
    bytes.set(chunk, to);
    to += chunk.length;
  }

  function takeFrame(end: number): void {
    frame += frameDecoder.decode(bytes.subarray(from, end), { stream: true });
    from = end;
  }

  function endMember(end: number): void {
    broken ||= wantsKey;
    wantsKey = true;
    complete = end;
  }

  /** Parses a list, in bytes that begin and end with a byte to spare. */
  function parseList(list: Uint8Array): unknown[] | undefined {
    list[0] = openBracket;
    list[list.length - 1] = closeBracket;
    const parsed = parseJson(decoder.decode(list));
    return Array.isArray(parsed) ? parsed : undefined;
  }

  /** @param list keys and values, in turns */
  function accepted(list: readonly unknown[], keyAt: (index: number) => unknown): T[] {
    const values: T[] = [];
    for (let i = 1; i < list.length; i += 2) {
      count++;
      const value = wrong ? undefined : accept(list[i]);
      if (value !== undefined) values.push(value);
      else wrong ??= [`${keyAt(i - 1)}`, list[i]];
    }
    return values;
  }

  /** Parses the complete members. */
  function takeMembers(): T[] {
    if (complete <= from || broken) return [];
    const after = bytes[complete] ?? 0;
    const list = parseList(bytes.subarray(from - 1, complete + 1));
    bytes[complete] = after;
    from = complete + 1;
    complete = 0;
    broken = !list?.every((key, index) => index % 2 === 1 || typeof key === 'string');
    return list && !broken ? accepted(list, (index) => list[index]) : [];
  }

  /**
   * Takes members without scanning them, from the beginning of one. It guesses that a member ends where a brace, a comma and the
   * key of another object follow each other. To verify all guesses at once, it replaces the keys with a random number in a copy, and
   * parses this as a list. If every other item of the list is that number, there is exactly one value between two of them: so all
   * guesses are correct, and the text between them is valid. Otherwise nothing has happened, and the members are scanned.
   */
  function takeGuessed(): T[] {
    const size = to - from + 1;
    if (scratch.length < size) scratch = new Uint8Array(2 * size); // used again, because garbage of this size makes V8 collect it often
    const copy = scratch.subarray(0, size);
    copy.set(bytes.subarray(from - 1, to));
    const keys = [1];
    let brace = objectAfterKey(copy, 1);
    for (let key = 1, i = brace; brace - key >= markBytes.length; ) {
      i = copy.indexOf(closeBrace, i + 1);
      if (i < 0) break;
      const next = copy[i + 1] === comma && copy[i + 2] === quote ? objectAfterKey(copy, i + 2) : 0;
      if (next === 0) continue;
      copy.fill(space, key, brace).set(markBytes, key);
      key = i + 2;
      keys.push(key);
      i = brace = next;
    }
    const end = keys.pop() ?? 1;
    const list = end === 1 ? [] : parseList(copy.subarray(0, end));
    guesses = list?.length === 2 * keys.length;
    for (let i = 0; list && i < list.length; i += 2) guesses &&= list[i] === mark;
    if (!list || !guesses) return [];
    const first = from;
    if (end > 1) isFirst = false;
    from += end - 1;
    return accepted(list, (index) => {
      const text = decoder.decode(bytes.subarray(first + (keys[index / 2] ?? 0), to));
      return text.slice(0, text.indexOf('"'));
    });
  }

  function write(chunk: Uint8Array): T[] {
    append(chunk);
    let values: T[] = [];
    // local variables are several times as fast as those that the functions share
    const [buffer, end] = [bytes, to];
    let i = at;
    let quoted = inString;
    let level = depth;
    let mayGuess = guesses;
    while (i < end && !broken) {
      if (quoted) {
        while (i < end && buffer[i] !== quote) i += buffer[i] === backslash ? 2 : 1;
        if (i >= end) break;
        quoted = false;
        i++;
        if (level === 1) name = decoder.decode(buffer.subarray(start, i));
        continue;
      }
      const byte = buffer[i++] ?? 0;
      if (byte === quote) {
        quoted = true;
        start = i - 1;
        continue;
      }
      const brace = byte | 0x20; // a bracket, as a brace
      if (brace === openBrace) {
        level++;
        if (level !== 2 || byte !== openBrace || parseJson(name ?? '') !== 'result') continue;
        inside = isFirst = true;
        takeFrame(i);
        opening ??= frame;
      } else if (brace === closeBrace) {
        level--;
        if (!inside || level !== 1) continue;
        if (isFirst && wantsKey)
          takeFrame(i - 1); // only white space, or else the frame is not JSON
        else {
          endMember(i - 1);
          values = values.concat(takeMembers());
        }
        from = i - 1; // the brace belongs to the frame
        inside = false;
      } else if (level > 2) {
        continue; // inside a member
      } else if (byte === comma) {
        if (level === 1) name = undefined;
        if (!inside || level !== 2) continue;
        endMember(i - 1);
        isFirst = false;
      } else {
        if (byte !== colon || !inside || level !== 2) continue;
        broken ||= !wantsKey;
        buffer[i - 1] = comma;
        wantsKey = false;
        continue;
      }
      if (!mayGuess || !inside || broken) continue;
      mayGuess = false;
      values = values.concat(takeMembers(), takeGuessed());
      i = from;
    }
    at = i;
    inString = quoted;
    depth = level;
    if (inside) values = values.concat(takeMembers());
    else takeFrame(quoted && level === 1 ? start : Math.min(i, end));
    return broken ? [] : values;
  }

  const frameText = () => frame + decoder.decode(bytes.subarray(from, to));
  const end = () => (broken ? undefined : parseJson(frameText()));
  const head = () => parseJson(`${opening}}}`);
  return { write, isBroken: () => broken, count: () => count, wrong: () => wrong, frame: frameText, head, end };
}

/** The values of a map in an envelope, in the order of the wire. */
export interface MapValues<T> {
  values: T[];
  /** The number of members, with the wrong ones. */
  count: number;
  /** The first member that was not accepted. No values follow it. */
  wrong: Member | undefined;
}

/** Parses an envelope whose `result` is a map, and replaces the map with its {@link MapValues}. Other documents are unchanged. */
export function valuesParser<T>(accept: (value: unknown) => T | undefined): Parser {
  const split = splitter(accept);
  const values: T[] = [];
  return {
    write(chunk) {
      if (!split.isBroken()) for (const value of split.write(chunk)) values.push(value);
    },
    frame: split.frame,
    end() {
      const document = split.end();
      return isMap(document) && isMap(document.result)
        ? { ...document, result: { values, count: split.count(), wrong: split.wrong() } satisfies MapValues<T> }
        : document;
    },
  };
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
