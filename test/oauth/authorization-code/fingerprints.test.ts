import { expect, it } from 'vitest';
import { Fingerprints } from '../../../src/oauth/authorization-code/fingerprints.js';
import { randomText } from '../../../src/protocol/random.js';

it('contains each of many texts, and no other one', () => {
  const fingerprints = new Fingerprints();
  const texts = Array.from({ length: 20_000 }, randomText);
  for (const [index, text] of texts.entries()) {
    expect(fingerprints.has(text)).toBe(false);
    fingerprints.add(text);
    if (index % 1_000 === 0) expect(texts.slice(0, index + 1).every((earlier) => fingerprints.has(earlier))).toBe(true);
  }
  expect(texts.filter((text) => !fingerprints.has(text))).toEqual([]);
  expect(texts.map(randomText).filter((text) => fingerprints.has(text))).toEqual([]);
});

it('distinguishes texts that differ in one character, and texts that are similar to each other', () => {
  const fingerprints = new Fingerprints();
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const base = randomText();
  const others = Array.from(base, (own, index) =>
    Array.from(alphabet, (letter) =>
      letter === own ? [] : base.slice(0, index) + letter + base.slice(index + 1),
    ).flat(),
  ).flat();
  for (const text of [base, '', ...others]) {
    expect(fingerprints.has(text)).toBe(false);
    fingerprints.add(text);
  }
  for (let number = 0; number < 10_000; number++) {
    expect(fingerprints.has(`state ${number}`)).toBe(false);
    fingerprints.add(`state ${number}`);
  }
});

it('can contain a text that was added twice', () => {
  const fingerprints = new Fingerprints();
  for (let time = 0; time < 1_000; time++) fingerprints.add('a');
  expect([fingerprints.has('a'), fingerprints.has('b')]).toEqual([true, false]);
});
