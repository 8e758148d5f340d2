import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Member, splitter } from '../../src/transport/calls/members.js';
import { fuzzTimeout, holds } from '../support/fuzz.js';

// The splitter finds the members of `result` in a stream of text. It must accept the same documents as JSON.parse and find the same
// members, however the text is split into chunks.

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('result', '{', '}', '"', '\\', ':', ',', '7', '__proto__'),
);

// No quotes in nested keys: if V8 has parsed an object with the key `\`, it reads the key `"` as `\` (nodejs/node#63785), so that
// JSON.parse itself returns a wrong result.
const nested = fc.jsonValue({ depthSize: 'small', stringUnit: fc.constantFrom(...'ab\\{}[],: 1\u2028é') });
const value = fc.oneof(text, nested);
const gap = fc.constantFrom('', ' ', '\n', '\t ', ' \r\n');

const envelope = fc
  .record({
    members: fc.array(fc.tuple(text, value), { maxLength: 5 }),
    error: fc.option(value),
    gap,
    isErrorLast: fc.boolean(),
  })
  .map(({ members, error, gap, isErrorLast }) => {
    const map = members.map(([name, one]) => `${JSON.stringify(name)}${gap}:${gap}${JSON.stringify(one)}`);
    const result = `"result"${gap}:${gap}{${gap}${map.join(`${gap},${gap}`)}${gap}}`;
    const parts = [`"error":${JSON.stringify(error)}`, result];
    return { members, error, document: `${gap}{${(isErrorLast ? parts.reverse() : parts).join(',')}${gap}}${gap}` };
  });

/** Text that is almost an envelope: a few characters are removed or inserted. */
const nearlyEnvelope = fc
  .tuple(
    envelope,
    fc.array(fc.tuple(fc.nat(), fc.constantFrom('', ',', ':', '{', '}', '[', ']', '"', '\\', '1', ' ')), {
      maxLength: 3,
    }),
  )
  .map(([{ document }, changes]) =>
    changes.reduce((changed, [at, put]) => {
      const place = at % (changed.length + 1);
      return changed.slice(0, place) + put + changed.slice(put === '' ? place + 1 : place);
    }, document),
  );

const lengths = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 });

function split(document: string, pieces: readonly number[]): { members: Member[]; frame: unknown } {
  const parts = splitter();
  const found: Member[] = [];
  for (let at = 0, turn = 0; at < document.length; turn++) {
    const length = pieces[turn % pieces.length] ?? 1;
    found.push(...parts.write(document.slice(at, at + length)));
    at += length;
  }
  return { members: found, frame: parts.end() };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

it('finds all members, however the text is split', { timeout: fuzzTimeout }, async () => {
  await holds(2_000, [envelope, lengths], ({ document, members, error }, pieces) => {
    const seen = split(document, pieces);
    expect(seen.members).toEqual(members.map(([name, one]) => [name, parsed(JSON.stringify(one))]));
    expect(seen.frame).toEqual({ error: parsed(JSON.stringify(error)), result: {} });
  });
});

it('accepts what JSON.parse accepts, and nothing else', { timeout: fuzzTimeout }, async () => {
  await holds(3_000, [nearlyEnvelope, lengths], (document, pieces) => {
    const whole = parsed(document);
    const seen = split(document, pieces);
    expect(seen.frame === undefined).toBe(whole === undefined);
    if (whole !== undefined) expect(split(document, [document.length])).toEqual(seen);
  });
});
