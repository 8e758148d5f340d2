import { resolve } from 'node:path';
import ts from 'typescript';
import type { Block } from './pages.js';

/** What the compiler has to say about a block. */
export interface Complaint {
  /** It is missing where something is wrong with all of them. */
  block?: Block | undefined;
  /** In the page, from 1. */
  line: number;
  message: string;
}

/** A reader's program in Node and in a page. */
export const everywhere: ts.CompilerOptions = {
  noEmit: true,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2024.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  types: ['node'],
  module: ts.ModuleKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  skipLibCheck: true,
};

/** Compiles blocks where they stand: in a folder where the package finds itself by its name, on the lines of their pages. */
export function compile(blocks: readonly Block[], options: ts.CompilerOptions, names = ''): Complaint[] {
  const standing = new Map(blocks.map((block) => [resolve(`${block.page}.${block.line}.${block.language}`), block]));
  const texts = new Map([[resolve('docs/names.d.ts'), names]]);
  for (const [path, { line, text }] of standing) texts.set(path, '\n'.repeat(line - 1) + text);
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const text = texts.get(path);
    return text === undefined ? getSourceFile(path, version, ...rest) : ts.createSourceFile(path, text, version, true);
  };
  const program = ts.createProgram([...texts.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => ({
    block: file && standing.get(file.fileName),
    line: file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0,
    message: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}
