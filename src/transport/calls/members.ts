import { parseJson } from '../http/response-envelope.js';

/** A member of a JSON object. */
export type Member = [key: string, value: unknown];

/** Takes an envelope around a map apart, in the order of the wire, while it arrives in pieces. */
export interface Splitter {
  /** The members of `result` that this piece completed. They are not kept. */
  write(text: string): Member[];
  /** Whether this can no longer become JSON. */
  isBroken(): boolean;
  /** What stood before the first member, as if the document ended there. */
  head(): unknown;
  /** The document without those members: `result` is an empty map. Undefined if it is not JSON. */
  end(): unknown;
}

/**
 * `JSON.parse` of the whole would sort keys that look like integers to the front, and keep one of several members of the
 * same key. So the splitter finds where the members of `result` end, and hands batches of complete ones to `JSON.parse`
 * as one array of keys and values, by writing a comma for the colon after each key. `JSON.parse` decides what JSON is. Keys that
 * are values are also safe from nodejs/node#63785, which mistakes one escaped key for another.
 */
export function splitter(): Splitter {
  let text = ''; // from the beginning of what has neither gone into `frame` nor into `pending`
  let at = 0; // the first character of `text` that has not been looked at
  let frame = '';
  let opening: string | undefined; // the frame up to the first member
  let depth = 0;
  let name: string | undefined; // the last string of the envelope itself
  let inside = false; // between the braces of `result`
  let pending = ''; // the key of the member that is arriving, and a comma
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

/** Parses an envelope whose `result` is a map. The members of the map take its place; anything else stays as it is. */
export function parseMembers(text: string): unknown {
  const split = splitter();
  const members = split.write(text);
  const frame = split.end();
  return isMap(frame) && isMap(frame.result) ? { ...frame, result: { members } satisfies Members } : frame;
}

export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The quote that ends the string which begins at `start`, or -1 if it has not arrived. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text[end - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return end;
  }
  return -1;
}
