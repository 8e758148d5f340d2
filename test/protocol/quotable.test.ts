import { describe, expect, it } from 'vitest';
import { quotable, quotableJson, quotableUrl } from '../../src/protocol/quotable.js';

const random = (length: number) =>
  Array.from(
    { length },
    (_, i) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[(i * i * 7 + i * 13) % 64],
  ).join('');

const sizes = [16, 1_000, 8_000, 32_000];

/** Secrets of all sizes: random letters, one repeated letter, a repeated group, and characters that are syntax in a regular expression. */
const secrets: [string, string][] = sizes.flatMap((size): [string, string][] => [
  [`${size} random characters`, random(size)],
  [`${size} times the same`, 'a'.repeat(size)],
  [`${size} of a repeated group`, 'aab'.repeat(size).slice(0, size)],
  [`${size} of syntax`, '(a+)+$[\\^.*{1,'.repeat(size).slice(0, size)],
  [`${size} to be encoded`, '%41 /+"<ü'.repeat(size).slice(0, size)],
]);

const encodings: [string, (text: string) => string][] = [
  ['as it is', (text) => text],
  ['percent-encoded', encodeURIComponent],
  ['percent-encoded in small letters', (text) => encodeURIComponent(text).replace(/%../g, (hex) => hex.toLowerCase())],
  ['percent-encoded twice', (text) => encodeURIComponent(encodeURIComponent(text))],
  [
    'percent-encoded whole',
    (text) => Array.from(new TextEncoder().encode(text), (byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  ],
  ['as in a form', (text) => new URLSearchParams({ x: text }).toString().slice(2)],
  ['in JSON', (text) => JSON.stringify(text).slice(1, -1)],
  ['in JSON in JSON', (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3)],
];

describe.each(secrets)('a secret of %s', (_, secret) => {
  it.each(encodings)('is removed when it is echoed %s', (_, encode) => {
    const text = quotable(`before ${encode(secret)} after`, ['another secret', secret]);
    expect(text).toMatch(/^before \[redacted\]( after)?$/);
  });

  it('is removed if it is truncated at either limit', () => {
    for (const before of [0, 900, 990, 3_900, 3_990]) {
      const text = quotable(`${'x '.repeat(before / 2)}${secret}`, [secret]);
      expect(text.slice(before)).not.toContain(secret.slice(0, 5));
    }
  });

  it('is removed from the values and keys of JSON', () => {
    const body = {
      [secret]: [secret, { deep: `${secret}!` }],
      fields: { name: ['is too long'] },
      count: 7,
      ok: true,
      none: null,
    };
    const text = JSON.stringify(quotableJson(body, [secret]));
    expect(text).not.toContain(secret.slice(0, 16));
    expect(JSON.parse(text)).toMatchObject({ fields: { name: ['is too long'] }, count: 7, ok: true, none: null });
  });

  it('is not in a URL', () => {
    const echo = encodeURIComponent(secret);
    for (const url of [`https://x.example/?q=${echo}`, `https://x.example/${echo}`, `https://x.example/#${echo}`]) {
      expect(quotableUrl(url, [secret])).toBeUndefined();
    }
  });
});

describe('a piece of a secret', () => {
  it('is removed if the server truncates its text', () => {
    const secret = random(500);
    expect(quotable(`bad token ${secret.slice(0, 40)}…`, [secret])).toBe('bad token [redacted]…');
    expect(quotable(`bad token ${secret.slice(0, 10)}…`, [secret])).toBe(`bad token ${secret.slice(0, 10)}…`);
    expect(quotable(`bad token …${secret.slice(-40, -20)}…`, [secret])).toBe('bad token …[redacted]…');
  });

  it('is removed if the text is truncated after a few of its characters', () => {
    const secret = random(104); // 4,000 characters are 38 times the secret and a space, and 10 more
    const text = quotable(`${secret} `.repeat(100), [secret]);
    expect(text).toMatch(/^(\[redacted\] ?)+$/);
    expect(text.match(/redacted/g)).toHaveLength(38);
  });
});

describe('a short secret', () => {
  it.each<[string, string, string]>([
    ['a word of its own', 'the code 12345 is wrong', 'the code [redacted] is wrong'],
    ['not a part of another', 'file 123456 is wrong', 'file 123456 is wrong'],
    ['at the end', 'wrong: 12345', 'wrong: [redacted]'],
    ['percent-encoded', 'wrong: %3112345 or %312345', 'wrong: %3112345 or [redacted]'],
  ])('is removed as %s', (_, text, expected) => {
    expect(quotable(text, ['12345'])).toBe(expected);
  });

  it('of fewer than five characters is not removed', () => {
    expect(quotable('a test is a test', ['test', 'a', ''])).toBe('a test is a test');
  });
});

describe('a text', () => {
  it.each([
    'nothing to see here',
    '50 % of 100%25 \\ "quoted" + more',
    'Grüße, 世界 🎉',
    'C:\\temp\\new',
    '%',
    '%4',
    '\\',
    '\\u0',
  ])('without a secret is unchanged: %j', (text) => {
    expect(quotable(text, [random(1_000), 'a secret of words'])).toBe(text);
  });

  it('is redacted if two secrets overlap or one occurs twice', () => {
    expect(quotable('abcdefghijkl', ['abcdefgh', 'efghijkl'])).toBe('[redacted]');
    expect(quotable('abcdefgh, abcdefgh', ['abcdefgh'])).toBe('[redacted], [redacted]');
    expect(quotable('aaaaaaaaaaaa', ['a'.repeat(8)])).toBe('[redacted]');
  });

  it('is truncated before it is searched', () => {
    // this would take seconds to hours if the time grew with the product of the lengths
    const long = 'a'.repeat(2_000_000);
    expect(quotable(long, [long, `${long}b`, 'aab'.repeat(700_000)])).toBe('[redacted]');
    expect(quotable(`${long}b`, [`${'a'.repeat(3_000)}b`])).toBe('[redacted]');
    expect(quotable('ab'.repeat(1_000_000), ['ab'.repeat(2_000).concat('c')])).toBe('[redacted]');
  });
});

describe('JSON', () => {
  it('is copied up to two hundred values and ten levels', () => {
    const wide = quotableJson(
      Array.from({ length: 5_000 }, (_, i) => i),
      [],
    );
    expect(wide).toHaveLength(200);
    const deep: unknown = JSON.parse(`${'['.repeat(5_000)}${']'.repeat(5_000)}`);
    expect(JSON.stringify(quotableJson(deep, [])).length).toBeLessThan(30);
    expect(quotableJson(JSON.parse(`${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`), [])).toBeTypeOf('object');
  });

  it('keeps keys such as __proto__', () => {
    const body = JSON.parse('{"__proto__":{"a":1},"constructor":2}');
    expect(JSON.stringify(quotableJson(body, []))).toBe('{"__proto__":{"a":1},"constructor":2}');
  });

  it('does not contain a secret that is a number', () => {
    expect(quotableJson({ code: 1_234_567_890 }, ['1234567890'])).toEqual({ code: '[redacted]' });
  });
});

describe('a URL', () => {
  it.each([
    ['https://docs.example/errors#invalid', 'https://docs.example/errors#invalid'],
    ['http://docs.example', 'http://docs.example/'],
  ])('%s is kept', (url, expected) => {
    expect(quotableUrl(url, ['a-secret-1'])).toBe(expected);
  });

  it.each<[string, string, string]>([
    ['dots', 'https://x.example/ab/./cd-secret', 'ab/cd-secret'],
    ['dots in the secret', 'https://x.example/ab/cd-secret', 'ab/./cd-secret'],
    ['a way up', 'https://x.example/ab/x/../cd-secret', 'ab/cd-secret'],
    ['backslashes', 'https://x.example/ab\\cd-secret', 'ab/cd-secret'],
    ['a line break', 'https://x.example/ab-cd\n-secret', 'ab-cd-secret'],
    ['capitals in a host', 'https://ABcd-Secret.example/', 'ABcd-Secret'],
    ['a port', 'https://x.example:443/?ab-cd-secret', 'ab-cd-secret'],
    ['encoding', 'https://x.example/?ab"cd<secret', 'ab"cd<secret'],
  ])('is left out if normalization reveals a secret: %s', (_, url, secret) => {
    expect(quotableUrl(url, [secret])).toBeUndefined();
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'mailto:a@b.example',
    'nonsense',
    `https://x.example/${'a'.repeat(1_000)}`,
  ])('without http or https, or that is too long, is left out: %s', (url) => {
    expect(quotableUrl(url, [])).toBeUndefined();
  });
});
