import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isMap, type Member, splitter } from '../../src/transport/calls/members.js';
import { fuzzTimeout, testProperty } from '../support/fuzz.js';

// The splitter finds the members of `result` in a stream of bytes. It must accept the same documents as JSON.parse and find the same
// members, however the bytes are split into chunks. It guesses where objects with long keys end, so there are many of those, and
// texts that look like the end of one. FUZZ_RUNS=200 tries ten million inputs.

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('result', '{', '}', '"', '\\', ':', ',', '7', '__proto__'),
);

// No quotes in nested keys: if V8 has parsed an object with the key `\`, it reads the key `"` as `\` (nodejs/node#63785), so that
// JSON.parse itself returns a wrong result.
const nested = fc.jsonValue({ depthSize: 'small', stringUnit: fc.constantFrom(...'ab\\{}[],: 1\u2028é') });
const id = fc.constantFrom(
  '2224c539-e5d6',
  '2224c539-e5d7',
  'shortid',
  'ünïcödé key',
  'longer "quoted" key',
  'other\\',
);
const lookalike = fc.constantFrom('},', '},"2224c539-e5d6":{', ':{', '{', '}', ']},{', '"},"2224c539-e5d6":{"');
const object = fc.dictionary(
  fc.oneof(fc.constantFrom('id', 'meta', 'long name of a field', 'tags'), lookalike),
  fc.oneof(
    lookalike,
    fc.array(lookalike),
    fc.constant({}),
    fc.constant({ 'long name': {} }),
    fc.constant([{}, {}]),
    nested,
  ),
  { maxKeys: 4 },
);
const value = fc.oneof(text, nested, { arbitrary: object, weight: 4 });
const gap = fc.constantFrom('', ' ', '\n', '\t ', ' \r\n');

const envelope = fc
  .record({
    members: fc.array(fc.tuple(fc.oneof(text, id), value), { maxLength: 5 }),
    error: fc.option(value),
    gap: fc.oneof(fc.constant(''), gap),
    isErrorLast: fc.boolean(),
  })
  .map(({ members, error, gap, isErrorLast }) => {
    const map = members.map(([name, one]) => `${JSON.stringify(name)}${gap}:${gap}${JSON.stringify(one)}`);
    const result = `"result"${gap}:${gap}{${gap}${map.join(`${gap},${gap}`)}${gap}}`;
    const parts = [`"error":${JSON.stringify(error)}`, result];
    return { members, error, document: `${gap}{${(isErrorLast ? parts.reverse() : parts).join(',')}${gap}}${gap}` };
  });

/** Changes to a text: a few characters or more are removed or inserted. */
const change = fc.constantFrom('', ...',:{}[]"\\1 ', '},"2224c539-e5d6":{', '},{', '":{');
const changes = fc.array(fc.tuple(fc.nat(), change), { minLength: 1, maxLength: 3 });

function changed(document: string, places: readonly (readonly [number, string])[]): string {
  return places.reduce((text, [at, put]) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + put + text.slice(put === '' ? place + 1 : place);
  }, document);
}

const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 });

interface Seen {
  values: unknown[];
  count: number;
  wrong: Member | undefined;
  frame: unknown;
}

/** Accepts all values that are not equal to `refused`. */
function split(document: string, pieces: readonly number[], refused?: string): Seen {
  const parts = splitter((one) => (JSON.stringify(one) === refused ? undefined : one));
  const values: unknown[] = [];
  const bytes = new TextEncoder().encode(document);
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = pieces[turn % pieces.length] ?? 1;
    values.push(...parts.write(bytes.subarray(at, at + length)));
    at += length;
  }
  return { values, count: parts.count(), wrong: parts.wrong(), frame: parts.end() };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Compares as text first, because `toEqual` takes as long as a hundred inputs. */
function expectEqual(seen: Seen, expected: Seen): void {
  if (JSON.stringify(seen) !== JSON.stringify(expected)) expect(seen).toEqual(expected);
}

/** It must accept what `JSON.parse` accepts, and find the same members as without chunks. */
function expectSame(document: string, pieces: readonly number[]): void {
  const seen = split(document, pieces);
  const whole = parsed(document.toWellFormed().replace(/^\ufeff/, '')); // `response.json()` removes a byte order mark, too
  if ((seen.frame === undefined) !== (whole === undefined)) expect(seen.frame).toEqual(whole);
  if (seen.frame === undefined) return;
  expectEqual(seen, split(document, [document.length * 4]));
  // `JSON.parse` keeps only the last of several members with the same key, and sorts keys that look like integers
  const result = isMap(whole) && isMap(whole.result) ? Object.values(whole.result) : [];
  const found = seen.values.map((one) => JSON.stringify(one));
  const missing = result.filter((one) => !found.includes(JSON.stringify(one)));
  if (missing.length > 0) expect(missing).toEqual([]);
}

// 50,000 inputs, 20 in each run
it('finds all members, however the bytes are split', { timeout: fuzzTimeout }, async () => {
  const chunkings = fc.array(lengths, { minLength: 19, maxLength: 19 });
  await testProperty(1_000, [envelope, chunkings, fc.nat()], (made, chunkings, at) => {
    const { document, members, error } = made;
    const texts = members.map(([, one]) => JSON.stringify(one));
    const refused = texts[at % (texts.length + 1)]; // none, if it is undefined
    const first = refused === undefined ? -1 : texts.indexOf(refused);
    const values = texts.map(parsed);
    const expected: Seen = {
      values: first < 0 ? values : values.slice(0, first),
      count: members.length,
      wrong: first < 0 ? undefined : [members[first]?.[0] ?? '', values[first]],
      frame: parsed(
        document.indexOf('"error"') < document.indexOf('"result"')
          ? `{"error":${JSON.stringify(error)},"result":{}}`
          : `{"result":{},"error":${JSON.stringify(error)}}`,
      ),
    };
    for (const pieces of [[document.length * 4], ...chunkings]) expectEqual(split(document, pieces, refused), expected);
  });
});

it('accepts what JSON.parse accepts, and nothing else', { timeout: fuzzTimeout }, async () => {
  const variants = fc.array(fc.tuple(changes, lengths), { minLength: 20, maxLength: 20 });
  await testProperty(1_500, [envelope, variants], ({ document }, each) => {
    for (const [places, pieces] of each) expectSame(changed(document, places), pieces);
  });
});

it.each(['{"result":{}}', '{"result":{,}}', '{"result":7}', '{"result":{"":1}', '"\\"{[\\', '\ufeff{"result":{}}'])(
  'gives the same for every chunking of %j',
  (document) => {
    const gaps = new TextEncoder().encode(document).length - 1;
    for (let cuts = 0; cuts < 2 ** gaps; cuts++) {
      const pieces = [1];
      for (let gap = 0; gap < gaps; gap++) {
        if ((cuts >> gap) & 1) pieces.push(1);
        else pieces.push((pieces.pop() ?? 0) + 1);
      }
      expectSame(document, pieces);
    }
  },
);

it('rejects values without keys that make up for members in an array', () => {
  const [one, two, three] = ['2224c539-e5d6', '2224c539-e5d7', '2224c539-e5d8'];
  const document = `{"result":{"${one}":{"tags":[{},"${two}":{}]},5,{},"${three}":{}}}`;
  expect(parsed(document)).toBeUndefined();
  expect(split(document, [document.length]).frame).toBeUndefined();
});

it('returns no values after one that was not accepted', () => {
  const members = '"2224c539-e5d6":{"id":{}},"2224c539-e5d7":{},"2224c539-e5d8":{}';
  const document = `{"result":{${members}}}`;
  const expected: Seen = { values: [], count: 3, wrong: ['2224c539-e5d6', { id: {} }], frame: { result: {} } };
  for (let length = 1; length <= document.length; length++)
    expect(split(document, [length], '{"id":{}}')).toEqual(expected);
});

it('rejects a member of more than 16 MiB', () => {
  const parts = splitter((one) => one);
  parts.write(new TextEncoder().encode('{"result":{"2224c539-e5d6":{},"2224c539-e5d7":{"name":"'));
  const chunk = new TextEncoder().encode('日'.repeat(2 ** 20 / 4)); // 768 KiB
  let written = 0;
  for (; !parts.isBroken() && written < 20 * 2 ** 20; written += chunk.length) parts.write(chunk);
  expect(parts.count()).toBe(1);
  expect(written).toBeGreaterThanOrEqual(16 * 2 ** 20);
  expect(written).toBeLessThanOrEqual(18 * 2 ** 20);
});
