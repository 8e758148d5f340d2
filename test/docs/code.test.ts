import { relative, resolve } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/sandbox.js';
import { names } from './names.js';
import { blocks } from './pages.js';

// The pieces of code in the documentation, compiled where they stand: an error is told with its page and line.

const prelude = resolve('docs/names.d.ts');
const shared: ts.CompilerOptions = {
  noEmit: true,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2024.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  types: ['node'],
  module: ts.ModuleKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  skipLibCheck: true,
};

/** JavaScript is checked for names and arguments, but not for what may be undefined: it has no way to say that it is not. */
const languages: Record<string, ts.CompilerOptions> = {
  ts: { ...shared, strict: true },
  js: { ...shared, strict: false, allowJs: true, checkJs: true },
};

function errorsIn(language: string, options: ts.CompilerOptions): string[] {
  const texts = new Map([[prelude, names]]);
  for (const { page, line, text } of blocks.filter((block) => block.language === language)) {
    // in a folder where the package finds itself by its name, on the lines that they have in the page
    texts.set(resolve(`${page}.${line}.${language}`), '\n'.repeat(line - 1) + text);
  }
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = texts.get(path);
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version, true);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const message = ts.flattenDiagnosticMessageText(messageText, '\n');
    if (!file) return message;
    const page = relative('.', file.fileName).replace(/\.\d+\.\w+$/, '');
    return `${page}:${file.getLineAndCharacterOfPosition(start).line + 1}: ${message}`;
  });
}

it.each(Object.entries(languages))('compiles every block of %s', (language, options) => {
  expect(errorsIn(language, options)).toEqual([]);
});

it('has blocks of known languages only', () => {
  const known = [...Object.keys(languages), 'sh', 'json', 'jsonc', 'html', 'toml'];
  const others = blocks.filter(({ language }) => !known.includes(language));
  expect(others.map(({ page, line, language }) => `${page}:${line}: ${language}`)).toEqual([]);
  for (const language of ['ts', 'js', 'sh', 'json']) {
    expect(blocks.filter((block) => block.language === language).length, language).toBeGreaterThan(0);
  }
});

describe('JSON', () => {
  const parsed = (text: string) => JSON.parse(text.replace(/^\s*\/\/.*$/gm, ''));
  const documents = blocks.filter(({ language }) => language.startsWith('json'));

  it.each(documents)('of $page:$line can be parsed', ({ text }) => {
    expect(parsed(text)).toBeTypeOf('object');
  });

  it('that configures a sandbox is taken by one', () => {
    const configurations = documents.filter(({ page, text }) => page.endsWith('sandbox.md') && text.includes('"apps"'));
    expect(configurations.length).toBeGreaterThan(0);
    for (const { text } of configurations) expect(createSandbox(parsed(text)).apps.length).toBeGreaterThan(0);
  });
});
