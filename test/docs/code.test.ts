import type ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/sandbox.js';
import { compile, everywhere } from './compile.js';
import { names } from './names.js';
import { blocks } from './pages.js';

// Compiles the code blocks of the documentation. An error is reported with its page and line.

/** JavaScript is checked without `strict`, because it has no way to exclude undefined. */
const languages: Record<string, ts.CompilerOptions> = {
  ts: { ...everywhere, strict: true },
  js: { ...everywhere, strict: false, allowJs: true, checkJs: true },
};

function errorsIn(language: string, options: ts.CompilerOptions): string[] {
  const written = blocks.filter((block) => block.language === language);
  return compile(written, options, names).map(
    ({ block, line, message }) => `${block?.page ?? 'names.ts'}:${line}: ${message}`,
  );
}

it.each(Object.entries(languages))('every block of %s compiles', (language, options) => {
  expect(errorsIn(language, options)).toEqual([]);
});

it('every block has a known language', () => {
  const known = [...Object.keys(languages), 'mermaid', 'sh', 'text', 'json', 'jsonc', 'html', 'toml'];
  const others = blocks.filter(({ language }) => !known.includes(language));
  expect(others.map(({ page, line, language }) => `${page}:${line}: ${language}`)).toEqual([]);
  for (const language of ['ts', 'js', 'sh', 'json']) {
    expect(blocks.filter((block) => block.language === language).length, language).toBeGreaterThan(0);
  }
});

describe('a JSON block', () => {
  const parsed = (text: string) => JSON.parse(text.replace(/^\s*\/\/.*$/gm, ''));
  const documents = blocks.filter(({ language }) => language.startsWith('json'));

  it.each(documents)('at $page:$line is valid', ({ text }) => {
    expect(parsed(text)).toBeTypeOf('object');
  });

  it('with a configuration is accepted by createSandbox()', () => {
    const configurations = documents.filter(({ text }) => text.includes('"apps"'));
    expect(configurations.length).toBeGreaterThan(1);
    for (const { text } of configurations) expect(createSandbox(parsed(text)).apps.length).toBeGreaterThan(0);
  });
});
