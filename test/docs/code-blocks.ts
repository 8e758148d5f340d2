import ts from 'typescript';
import { compile, everywhere } from './compile.js';
import { names } from './names.js';
import { type Block, blocks } from './pages.js';

/** A block of TypeScript or JavaScript, with what its source reveals. */
export interface CodeBlock extends Block {
  /** The modules that it imports. */
  modules: string[];
  /** The globals of names.ts that it uses. A complete program uses none. */
  globals: string[];
  /** Whether it needs a browser. */
  inBrowser: boolean;
}

const globalNames = [...names.matchAll(/(?:const|let|function) (\w+)/g)].map(([, name = '']) => name);
const elements = [...names.matchAll(/const (\w+): HTML/g)].map(([, name = '']) => name);

function codeBlocksIn(written: Block[]): CodeBlock[] {
  // always as TypeScript: in JavaScript, setting a property of an unknown name declares it
  const typed = written.map((block) => ({ ...block, language: 'ts' }));
  const errors = compile(typed, { ...everywhere, lib: ['lib.es2024.d.ts'] });
  return written.map((block, index) => {
    const modules = ts.preProcessFile(block.text).importedFiles.map(({ fileName }) => fileName);
    const missing = errors
      .filter((error) => error.block === typed[index])
      .flatMap(({ message }) => /(?:Cannot find name|for the shorthand property) '(\w+)'/.exec(message)?.[1] ?? []);
    const globals = [...new Set(missing.filter((name) => globalNames.includes(name)))];
    const ofPage = missing.filter((name) => elements.includes(name) || !globalNames.includes(name));
    return {
      ...block,
      modules,
      globals,
      inBrowser: ofPage.length > 0 || modules.includes('doctape-sdk/browser'),
    };
  });
}

/** All blocks of TypeScript and JavaScript in the documentation. */
export const codeBlocks: CodeBlock[] = codeBlocksIn(
  blocks.filter(({ language }) => language === 'ts' || language === 'js'),
);
