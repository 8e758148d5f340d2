import { expect, it } from 'vitest';
import { applications, pageSizes, singleFileSize } from '../support/page-sizes.js';

// Unlike times, sizes do not depend on the machine. `npm run bench:bundle` compares them with other libraries.

it.each([
  ['sign in', 8_170],
  ['sign in, list, link', 23_390],
] as const)('a page for "%s" loads at most %i bytes', async (name, most) => {
  const { first } = await pageSizes(applications[name]);
  expect(first).toBeGreaterThan(1_000); // the bundle is not empty
  expect(first).toBeLessThanOrEqual(most);
});

it('doctape-sdk.min.js has at most 34,355 bytes', async () => {
  const size = await singleFileSize();
  expect(size).toBeGreaterThan(10_000);
  expect(size).toBeLessThanOrEqual(34_355); // where they are: docs/performance.md
});

const { ApiClient: _, ...rest } = await import('doctape-sdk');

it.each(Object.keys(rest))('a bundle with only %s is small', async (name) => {
  const program = `import { ${name} } from 'doctape-sdk'; globalThis.kept = ${name};`;
  // in one file: esbuild keeps unused exports of chunks that several files share
  const { all } = await pageSizes(program, false);
  expect(all).toBeGreaterThan(50);
  expect(all).toBeLessThanOrEqual(1_000);
});
