import fc from 'fast-check';
import { expect, it } from 'vitest';
import * as z from 'zod/v4/core';
import { fileInfo } from '../../../src/protocol/schemas/file.js';
import { fuzzTimeout, testProperty } from '../../support/fuzz.js';

// A list recognises files of the common form without the table of fields. It must accept no others than the table.

const common = {
  id: 'a',
  public_url: null,
  name: 'photo',
  extension: 'jpg',
  size: 1,
  time_added: 1,
  media_type: 'doc',
  tags: ['holiday'],
  origin: 'webupload',
  starred: false,
  shared: 0,
  processing_status: 'ok',
  meta: { width: '7', year: '2012' },
};

const odd = fc.oneof(
  fc.constantFrom(undefined, null, '', '5', -1, -0, 0, 1, 2, 1.5, 8.64e12, 8.64e12 + 1, Number.NaN, Infinity, true),
  fc.constantFrom<unknown>([], {}, [1], ['a', 2], [['a']]),
  fc.anything(),
);

const changed = fc
  .tuple(fc.subarray(Object.keys(common), { maxLength: 3 }), fc.array(odd, { minLength: 3, maxLength: 3 }))
  .map(([names, values]) => ({ ...common, ...Object.fromEntries(names.map((name, index) => [name, values[index]])) }));

it('recognises a file of the common form', () => {
  expect(fileInfo.quick?.(structuredClone(common))).toEqual(z.safeParse(fileInfo, structuredClone(common)).data);
});

it('recognises valid files only, and converts them like all others', { timeout: fuzzTimeout }, async () => {
  await testProperty(5_000, [changed], (file) => {
    const recognised = fileInfo.quick?.({ ...file });
    if (recognised !== undefined) expect(recognised).toEqual(z.safeParse(fileInfo, { ...file }).data);
  });
});

it.each([undefined, null, 5, 'a', [], [common]])('does not recognise %j', (value) => {
  expect(fileInfo.quick?.(value)).toBeUndefined();
});
