import { resolve } from 'node:path';
import ts from 'typescript';
import type { Block } from './pages.js';

/** An error of the compiler. */
export interface CompilerError {
  /** Absent if the error is not in a block. */
  block?: Block | undefined;
  /** The line in the page, from 1. */
  line: number;
  message: string;
}

/** Compiler options for code that may use the APIs of Node and of browsers. */
export const everywhere: ts.CompilerOptions = {
  noEmit: true,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2024.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  types: ['node'],
  module: ts.ModuleKind.NodeNext,
  moduleDetection: ts.ModuleDetectionKind.Force,
  skipLibCheck: true,
};

/** Compiles blocks, with the line numbers of their pages, in a folder where the package can be imported by its name. */
export function compile(blocks: readonly Block[], options: ts.CompilerOptions, names = ''): CompilerError[] {
  const blockAt = new Map(blocks.map((block) => [resolve(`${block.page}.${block.line}.${block.language}`), block]));
  const texts = new Map([[resolve('docs/names.d.ts'), names]]);
  for (const [path, { line, text }] of blockAt) texts.set(path, '\n'.repeat(line - 1) + text);
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
    block: file && blockAt.get(file.fileName),
    line: file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0,
    message: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}
