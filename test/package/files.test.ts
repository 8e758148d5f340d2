import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

// Each file that an import loads takes Node about half a millisecond.

/** The files that an import of this entry point loads, and the packages. */
async function loadedBy(entry: string): Promise<{ files: string[]; packages: string[] }> {
  const files = new Set([entry]);
  const packages = new Set<string>();
  for (const file of files) {
    const text = await readFile(`dist/${file}`, 'utf8');
    for (const [, path = ''] of text.matchAll(/^(?:import|export|\})(?:[^'"\n]* from)? ["']([^"'\n]+)["'];$/gm)) {
      if (path.startsWith('./')) files.add(path.slice(2));
      else if (!path.startsWith('node:')) packages.add(path);
    }
  }
  return { files: [...files], packages: [...packages].sort() };
}

it.each([
  ['index', 3, []],
  ['browser', 2, []],
  ['server', 8, ['jose/jwt/decrypt', 'jose/jwt/encrypt']],
] as const)('an import of the %s entry point loads %i files', async (entry, most, expected) => {
  const { files, packages } = await loadedBy(`${entry}.js`);
  expect(files.length).toBeGreaterThan(1);
  expect(files.length).toBeLessThanOrEqual(most);
  expect(packages).toEqual(expected);
});

it('an import of the main entry point does not load the part of zod that only the sandbox uses', async () => {
  const { files } = await loadedBy('index.js');
  const texts = await Promise.all(files.map((file) => readFile(`dist/${file}`, 'utf8')));
  expect(texts.join('\n')).toMatch(/\$ZodTransform\d* = /);
  expect(texts.join('\n')).not.toMatch(/\$ZodObject\d* = /);
});

it.each([
  ['browser', 'ImplicitGrantClient'],
  ['node', 'saveDownload'],
  ['sandbox', 'createSandbox'],
  ['server', 'AuthorizationCodeClient'],
  ['view', 'ViewClient'],
])('an error of the %s entry point is an instance of the class of the main one', async (entry, name) => {
  const { ConfigurationError } = await import('doctape-sdk');
  const { [name]: exported } = await import(`../../dist/${entry}.js`);
  const isClass = name.endsWith('Client');
  const fail = async () => (isClass ? new exported({ unknown: 1 }) : exported({ unknown: 1 }));
  await expect(fail()).rejects.toBeInstanceOf(ConfigurationError);
});
