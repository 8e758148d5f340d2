import { describe, expect, it } from 'vitest';
import * as z from 'zod/mini';
import { decode, type Schema } from '../../../src/protocol/schemas/decode.js';
import { uploadedFile } from '../../../src/protocol/schemas/file.js';

const origin = { operation: 'GET https://api.example/v1/doc', status: 200, secrets: [] };

function refusalOf(schema: Schema<unknown>, value: unknown, path = 'result', status = 200): unknown {
  try {
    decode(schema, value, path, { ...origin, status });
  } catch (error) {
    return error;
  }
  throw new Error('decode() did not throw');
}

const file: Schema<unknown> = z.looseObject({
  id: z.string().check(z.minLength(1)),
  size: z.number(),
  tags: z.array(z.string()),
  owner: z.optional(z.object({ name: z.string() })),
});

describe('decode', () => {
  it('returns the output of the schema', () => {
    const schema: Schema<{ size: number }> = z.object({ size: z.pipe(z.string(), z.transform(Number)) });
    expect(decode(schema, { size: '12', more: true }, 'result', origin)).toEqual({ size: 12 });
  });

  it.each<[unknown, string]>([
    [null, 'result'],
    ['text', 'result'],
    [[], 'result'],
    [{ size: 1, tags: [] }, 'result.id'],
    [{ id: '', size: 1, tags: [] }, 'result.id'],
    [{ id: 'a', tags: [] }, 'result.size'],
    [{ id: 'a', size: 1, tags: 'one,two' }, 'result.tags'],
    [{ id: 'a', size: 1, tags: ['one', 2] }, 'result.tags.1'],
    [{ id: 'a', size: 1, tags: [], owner: { name: 7 } }, 'result.owner.name'],
  ])('refuses %j with the path %s in the message', (value, place) => {
    expect(refusalOf(file, value)).toMatchObject({
      name: 'ResponseError',
      code: 'malformed_response',
      message: expect.stringMatching(new RegExp(`: ${place.replaceAll('.', '\\.')} `)),
    });
  });

  it('names only the first of several wrong fields', () => {
    const message = String(refusalOf(file, { id: 7, size: 'much', tags: 7 }));
    expect(message).toContain('result.id');
    expect(message).not.toMatch(/size|tags/);
  });

  it('names the field without a prefix if the path is empty', () => {
    expect(refusalOf(file, { id: 7, size: 1, tags: [] }, '')).toMatchObject({
      message: expect.stringMatching(/: id is not a string$/),
    });
  });

  it('calls the value "it" if there is no path', () => {
    expect(refusalOf(file, null, '')).toMatchObject({
      message: expect.stringMatching(/malformed response: it is not an object$/),
    });
  });

  it('names the request and the status', () => {
    expect(refusalOf(file, null, 'result', 203)).toMatchObject({
      status: 203,
      message: expect.stringContaining(origin.operation),
    });
  });

  it('never quotes the data', () => {
    const secret = 'words-that-nobody-may-see';
    for (const value of [
      secret,
      [secret],
      { id: [secret], size: 1, tags: [] },
      { id: 'a', size: secret, tags: [] },
      { id: 'a', size: 1, tags: secret },
      { id: 'a', size: 1, tags: [], owner: secret },
    ]) {
      const error = refusalOf(file, value);
      expect(error).not.toHaveProperty('cause');
      expect(String(error) + JSON.stringify(error)).not.toContain(secret);
    }
  });

  it('does not name an unexpected field', () => {
    const secret = 'words-that-nobody-may-see';
    const strict: Schema<unknown> = z.strictObject({ id: z.string() });
    expect(String(refusalOf(strict, { id: 'a', [secret]: 1 }))).not.toContain(secret);
  });

  it('has a message of one short line, whatever the path is', () => {
    const place = `result.\u001b[31m\r\nforged: ${'x'.repeat(10_000)}`;
    expect(refusalOf(file, null, place)).toMatchObject({ message: expect.stringMatching(/^[\x20-\x7e]{1,300}$/) });
  });
});

describe('a number on the wire', () => {
  const withSize = (size: unknown) => ({ id: 'a', name: 'a.txt', size });

  it.each<[unknown, number]>([
    [0, 0],
    [1, 1],
    [5_000_000_000, 5_000_000_000],
    ['0', 0],
    ['42', 42],
    ['5000000000', 5_000_000_000],
    ['999999999999999', 999_999_999_999_999],
  ])('can be %j', (value, expected) => {
    expect(decode(uploadedFile, withSize(value), 'result', origin).size).toBe(expected);
  });

  it.each<[unknown]>([
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [''],
    [' '],
    ['-1'],
    ['+1'],
    ['1.5'],
    ['1e3'],
    ['0x10'],
    [' 1'],
    ['1\n'],
    ['1,000'],
    ['١'],
    ['1234567890123456'],
    [null],
    [undefined],
    [true],
    [[]],
    [[1]],
    [{}],
  ])('cannot be %j', (value) => {
    expect(refusalOf(uploadedFile, withSize(value))).toMatchObject({
      code: 'malformed_response',
      message: expect.stringContaining('size'),
    });
  });
});
