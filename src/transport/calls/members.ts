import { parseJson } from '../http/response-envelope.js';

/** A member of a JSON object. */
export type Member = [key: string, value: unknown];

/** Parses an envelope around a map incrementally, in the order of the wire. */
export interface Splitter {
  /** Returns the members of `result` that this piece completed. They are not kept. */
  write(text: string): Member[];
  /** Whether this can no longer become JSON. */
  isBroken(): boolean;
  /** The document up to the first member, with the missing braces. */
  head(): unknown;
  /** The document with an empty `result`. Undefined if it is not JSON. */
  end(): unknown;
}

/**
 * `JSON.parse` of the whole document would sort integer-like keys to the front and keep only one of several members with the same
 * key. So the splitter finds the end of each member of `result` and passes complete members to `JSON.parse` in batches, as an array
 * of keys and values: it replaces the colon after each key with a comma. `JSON.parse` still validates the JSON. Keys that are
 * parsed as values also avoid nodejs/node#63785, which confuses escaped keys.
 */
export function splitter(): Splitter {
  let text = ''; // the text that is not yet in `frame` or `pending`
  let at = 0; // the index of the first character in `text` that was not scanned
  let frame = '';
  let opening: string | undefined; // the frame up to the first member
  let depth = 0;
  let name: string | undefined; // the last string of the envelope itself
  let inside = false; // between the braces of `result`
  let pending = ''; // the key of the current member, and a comma
  let wantsKey = true;
  let isFirst = true;
  let broken = false;

  function write(more: string): Member[] {
    text += more;
    let complete = '';
    let from = 0;
    const take = (to: number) => {
      const taken = text.slice(from, to);
      from = to + 1;
      return taken;
    };
    const endMember = (to: number) => {
      if (wantsKey) broken = true;
      complete += `${complete && ','}${pending}${take(to)}`;
      pending = '';
      wantsKey = true;
    };
    for (; at < text.length && !broken; at++) {
      const character = text[at];
      if (character === '"') {
        const close = endOfString(text, at);
        if (close === -1) break;
        if (depth === 1) name = text.slice(at, close + 1);
        at = close;
      } else if (character === '{' || character === '[') {
        depth++;
        if (depth !== 2 || character !== '{' || parseJson(name ?? '') !== 'result') continue;
        inside = isFirst = true;
        frame += `${take(at)}{`;
        opening ??= frame;
      } else if (character === '}' || character === ']') {
        depth--;
        if (!inside || depth !== 1) continue;
        if (isFirst && wantsKey && text.slice(from, at).trim() === '') frame += take(at);
        else endMember(at);
        from = at; // the brace belongs to the frame
        inside = false;
      } else if (character === ',') {
        if (depth === 1) name = undefined;
        if (!inside || depth !== 2) continue;
        endMember(at);
        isFirst = false;
      } else if (character === ':' && inside && depth === 2) {
        if (!wantsKey) broken = true;
        pending = `${take(at)},`;
        wantsKey = false;
      }
    }
    if (!inside) {
      frame += text.slice(from, at);
      from = at;
    }
    text = text.slice(from);
    at -= from;
    return complete ? parsed(complete) : [];
  }

  function parsed(flat: string): Member[] {
    const list = parseJson(`[${flat}]`);
    const members: Member[] = [];
    if (!Array.isArray(list)) broken = true;
    else for (let i = 0; i < list.length; i += 2) members.push([list[i], list[i + 1]]);
    if (members.some(([key]) => typeof key !== 'string')) broken = true;
    return broken ? [] : members;
  }

  const end = () => (broken ? undefined : parseJson(frame + text));
  const head = () => parseJson(`${opening}}}`);
  return { write, isBroken: () => broken, head, end };
}

/** The members of a map in an envelope, in the order of the wire. */
export interface Members {
  members: Member[];
}

/** Parses an envelope whose `result` is a map, and replaces the map with its members. Other documents are unchanged. */
export function parseMembers(text: string): unknown {
  const split = splitter();
  const members = split.write(text);
  const frame = split.end();
  return isMap(frame) && isMap(frame.result) ? { ...frame, result: { members } satisfies Members } : frame;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The index of the quote that ends the string at `start`, or -1 if it has not arrived. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}
