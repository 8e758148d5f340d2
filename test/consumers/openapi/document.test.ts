import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import { served } from '../../support/sandbox.js';

const built = JSON.parse(readFileSync('dist/openapi.json', 'utf8'));
const { url } = await served();

it('is valid OpenAPI 3.1, and all references have targets', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(built));
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  expect(validator.version).toBe('3.1');
  const references = [...JSON.stringify(built).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
  const missing = references.map(([, name = '']) => name).filter((name) => !(name in built.components.schemas));
  expect(missing).toEqual([]);
});

it('has a unique operationId, a summary and a tag for each operation', () => {
  const operations = Object.values<object>(built.paths).flatMap((methods) =>
    Object.values(methods).filter((member) => !Array.isArray(member)),
  );
  expect(operations.length).toBeGreaterThan(20);
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(ids.length);
  const tags = built.tags.map(({ name }: { name: string }) => name);
  for (const { summary, tags: own } of operations) {
    expect(summary).toMatch(/^[A-Z]/);
    expect(tags).toEqual(expect.arrayContaining(own));
  }
});

it('declares every parameter of each path', () => {
  for (const [path, methods] of Object.entries<Record<string, { parameters?: object[] }>>(built.paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const { parameters: shared = [], ...operations } = methods as { parameters?: object[] };
    for (const { parameters = [] } of Object.values<{ parameters?: object[] }>(operations)) {
      const declared = [...(Array.isArray(shared) ? shared : []), ...parameters].flatMap((one) =>
        'in' in one && one.in === 'path' && 'name' in one ? [one.name] : [],
      );
      expect(declared.sort(), path).toEqual(names.sort());
    }
  }
});

it('is served by a sandbox to every website, with the address of the sandbox', async () => {
  const response = await fetch(`${url}/openapi.json`, { headers: { origin: 'https://editor.example' } });
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  const document = await response.json();
  expect(document.servers).toEqual([{ url }]);
  expect(JSON.parse(JSON.stringify(document).replaceAll(url, 'https://my.doctape.com'))).toEqual(built);
});
