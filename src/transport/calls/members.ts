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

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The position after a key that begins here, if a colon and a brace follow. 0 if not. */
function endOfKey(text: string, at: number): number {
  const end = text.indexOf('"', at + 1);
  return text.startsWith(':{', end + 1) && text.charCodeAt(end - 1) !== backslash ? end + 1 : 0;
}

/**
 * `JSON.parse` of the whole document would sort integer-like keys to the front and keep only one of several members with the same
 * key. So the splitter finds where the members of `result` end, and passes complete members to `JSON.parse` in batches, as a list
 * of keys and values: it replaces the colon after each key with a comma. `JSON.parse` still validates the JSON. Keys that are
 * parsed as values also avoid nodejs/node#63785, which confuses escaped keys.
 *
 * Scanning takes nearly as long as `JSON.parse`, so the splitter guesses first: see `guess()`.
 * @param accept checks and converts a value. Returns undefined if it is wrong
 */
export function splitter<T>(accept: (value: unknown) => T | undefined): Splitter<T> {
  const decoder = new TextDecoder();
  const mark = 1e8 + Math.floor(Math.random() * 9e8); // in front of each member: a number that no server can know
  let skipped = 0; // 1 if the last character was a backslash, so that the next one has no meaning
  let depth = 0;
  let inString = false;
  let frame = '';
  let opening: string | undefined; // the frame up to the first member
  let name = ''; // the last string of the envelope itself
  let inside = false; // between the braces of `result`
  let partial = ''; // the beginning of an incomplete member
  let held = 0; // the bytes of the chunks since the last complete one
  let complete = ''; // complete members that are not yet parsed, and their number
  let waiting = 0;
  let wantsKey = true;
  let isFirst = true;
  let broken = false;
  let count = 0;
  let wrong: Member | undefined;
  let guesses = true;

  function endMember(rest: string): void {
    broken ||= wantsKey;
    wantsKey = true;
    complete += `${mark},${partial}${rest},`;
    partial = '';
    held = 0;
    waiting++;
  }

  /**
   * Parses members. In the list, each is the mark, a key and a value.
   * @returns undefined if these are not as many members
   */
  function parseMembers(members: string, size: number): T[] | undefined {
    const list = parseJson(`[${members}${mark}]`);
    if (!Array.isArray(list) || list.length !== 3 * size + 1) return undefined;
    for (let i = 0; i < 3 * size; i += 3) if (list[i] !== mark || typeof list[i + 1] !== 'string') return undefined;
    const values: T[] = [];
    for (let i = 0; i < 3 * size; i += 3) {
      const value = wrong ? undefined : accept(list[i + 2]);
      if (value !== undefined) values.push(value);
      else wrong ??= [list[i + 1], list[i + 2]];
    }
    count += size;
    return values;
  }

  function takeComplete(): T[] {
    if (waiting === 0 || broken) return [];
    const values = parseMembers(complete, waiting);
    broken = values === undefined;
    complete = '';
    waiting = 0;
    return values ?? [];
  }

  /**
   * Takes members without scanning them, from the beginning of one. It guesses that a member ends where a brace, a comma and the
   * key of another object follow each other. All guesses are verified at once: if a mark was inserted anywhere else than between
   * two members, there are not enough marks in the parsed list. Then nothing has happened, and the members are scanned.
   * @returns the values, and where the next member begins
   */
  function guess(text: string, from: number): [values: T[], end: number] {
    let members = '';
    let size = 0;
    let key = from;
    let value = text.charCodeAt(from) === quote ? endOfKey(text, from) : 0;
    for (let i = value; value > 0; ) {
      i = text.indexOf('},"', i);
      if (i < 0) break;
      const next = endOfKey(text, i + 2);
      if (next > 0) {
        members += `${mark},${text.slice(key, value)},${text.slice(value + 1, i + 2)}`;
        size++;
        key = i + 2;
        value = next;
      }
      i += 2;
    }
    const values = size > 0 ? parseMembers(members, size) : [];
    guesses = values !== undefined;
    if (!values) return [[], from];
    if (size > 0) {
      isFirst = false;
      held = 0;
    }
    return [values, key];
  }

  function write(chunk: Uint8Array): T[] {
    const text = decoder.decode(chunk, { stream: true });
    const end = text.length;
    broken ||= inside && held > mostHeld;
    held += chunk.length;
    let values: T[] = [];
    let from = 0; // the first character that is neither in the frame nor in a member
    let start = 0; // of the last string of the envelope
    // local variables are several times as fast as those that the functions share
    let i = skipped;
    let quoted = inString;
    let level = depth;
    let mayGuess = guesses;
    while (i < end && !broken) {
      if (quoted) {
        for (let code = 0; i < end; i += code === backslash ? 2 : 1) {
          code = text.charCodeAt(i);
          if (code === quote) break;
        }
        if (i >= end) break;
        quoted = false;
        i++;
        if (level === 1) name += text.slice(start, i);
        continue;
      }
      const code = text.charCodeAt(i++);
      if (code === quote) {
        quoted = true;
        start = i - 1;
        if (level === 1) name = '';
        continue;
      }
      const brace = code | 0x20; // a bracket, as a brace
      if (brace === openBrace) {
        level++;
        if (level !== 2 || code !== openBrace || parseJson(name) !== 'result') continue;
        inside = isFirst = true;
        held = 0;
        frame += text.slice(from, i);
        from = i;
        opening ??= frame;
      } else if (brace === closeBrace) {
        level--;
        if (!inside || level !== 1) continue;
        if (isFirst && wantsKey) {
          frame += partial + text.slice(from, i - 1); // only white space, or else the frame is not JSON
          partial = '';
        } else {
          endMember(text.slice(from, i - 1));
          values = values.concat(takeComplete());
        }
        from = i - 1; // the brace belongs to the frame
        inside = false;
      } else if (level > 2) {
        continue; // inside a member
      } else if (code === comma) {
        if (level === 1) name = '';
        if (!inside || level !== 2) continue;
        endMember(text.slice(from, i - 1));
        from = i;
        isFirst = false;
      } else {
        if (code !== colon || !inside || level !== 2) continue;
        broken ||= !wantsKey;
        partial += `${text.slice(from, i - 1)},`;
        from = i;
        wantsKey = false;
        continue;
      }
      if (!mayGuess || !inside || broken) continue;
      mayGuess = false;
      const before = takeComplete();
      const [guessed, next] = guess(text, from);
      values = values.concat(before, guessed);
      i = from = next;
    }
    skipped = Math.max(0, i - end);
    inString = quoted;
    depth = level;
    if (quoted && level === 1) name += text.slice(start);
    if (inside) {
      partial += text.slice(from);
      values = values.concat(takeComplete());
    } else frame += text.slice(from);
    return broken ? [] : values;
  }

  const frameText = () => frame + partial;
  function end(): unknown {
    frame += decoder.decode(); // the replacement of an incomplete character
    return broken ? undefined : parseJson(frameText());
  }
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
