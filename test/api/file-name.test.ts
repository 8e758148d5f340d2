import { parse } from 'content-disposition';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConfigurationError, contentDisposition, fileName } from '../../src/index.js';
import { thrown } from '../support/scripted-server.js';

const named = (name: string, extension = '') => ({ name, extension });

it('joins the name and the extension', () => {
  expect(fileName(named('a.tar', 'gz'))).toBe('a.tar.gz');
  expect(fileName(named('README'))).toBe('README');
});

it.each([
  ['letter.txt', 'attachment; filename="letter.txt"'],
  ['a "b" \\c.txt', 'attachment; filename="a \\"b\\" \\\\c.txt"'],
  ['Übersicht.pdf', `attachment; filename="?bersicht.pdf"; filename*=UTF-8''%C3%9Cbersicht.pdf`],
  ["it's (1)*.txt", `attachment; filename="it's (1)*.txt"`],
  ["ä's (1)*", `attachment; filename="?'s (1)*"; filename*=UTF-8''%C3%A4%27s%20%281%29%2A`],
  ['100%25.txt', `attachment; filename="100%25.txt"; filename*=UTF-8''100%2525.txt`],
  ['a\r\nSet-Cookie: x=1', `attachment; filename="a??Set-Cookie: x=1"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20x%3D1`],
  ['\ud800', `attachment; filename="?"; filename*=UTF-8''%EF%BF%BD`],
])('writes the name %j as %s', (name, header) => {
  expect(contentDisposition(named(name))).toBe(header);
  expect(new Headers({ 'content-disposition': header }).get('content-disposition')).toBe(header);
});

it('writes every name so that a parser reads the same name, and nothing else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.constantFrom('attachment', 'inline'), (name, type) => {
      const read = parse(contentDisposition(named(name), type));
      expect(read.type).toBe(type);
      expect(read.parameters.filename).toBe(name.toWellFormed());
    }),
  );
});

it.each<[string, () => unknown]>([
  ['an id', () => Reflect.apply(fileName, undefined, ['an-id'])],
  ['nothing', () => Reflect.apply(contentDisposition, undefined, [])],
  ['an uploaded file', () => Reflect.apply(fileName, undefined, [{ id: 'a', name: 'a.txt', size: 1 }])],
  ['another type', () => Reflect.apply(contentDisposition, undefined, [named('a'), 'form-data; x'])],
])('refuses %s', (_, action) => {
  expect(thrown(action, ConfigurationError).code).toBe('invalid_argument');
});
