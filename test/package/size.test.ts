import { expect, it } from 'vitest';
import { applications, pageSizes } from '../support/page-sizes.js';

// Sizes are figures that do not depend on the machine, unlike times. `npm run bench:bundle` prints them beside others'.

it.each([
  ['sign in', 8_000],
  ['sign in, list, link', 24_000],
] as const)('lets a page "%s" with at most %i bytes to load', async (name, most) => {
  const { first } = await pageSizes(applications[name]);
  expect(first).toBeGreaterThan(1_000); // it was bundled at all
  expect(first).toBeLessThanOrEqual(most);
});

const { ApiClient: _, ...rest } = await import('doctape-sdk');

it.each(Object.keys(rest))('brings little along with %s alone', async (name) => {
  const program = `import { ${name} } from 'doctape-sdk'; globalThis.kept = ${name};`;
  // in one file: with several, esbuild shares out even what nobody imports
  const { all } = await pageSizes(program, false);
  expect(all).toBeGreaterThan(50);
  expect(all).toBeLessThanOrEqual(1_000);
});
