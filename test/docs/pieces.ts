import ts from 'typescript';
import { compile, everywhere } from './compile.js';
import { names } from './names.js';
import { type Block, blocks } from './pages.js';

/** A block of TypeScript or JavaScript, and what can be told of it by looking. */
export interface Piece extends Block {
  /** The modules that it imports. */
  modules: string[];
  /** Those of the names that the documentation takes for granted which it uses. A program that is complete uses none. */
  granted: string[];
  /** Whether it needs a page around it. */
  inPage: boolean;
}

const grantable = [...names.matchAll(/(?:const|let|function) (\w+)/g)].map(([, name = '']) => name);
const elements = [...names.matchAll(/const (\w+): HTML/g)].map(([, name = '']) => name);

function piecesOf(written: Block[]): Piece[] {
  // all of it as TypeScript: in JavaScript, setting a property of an unknown name declares it
  const typed = written.map((block) => ({ ...block, language: 'ts' }));
  const complaints = compile(typed, { ...everywhere, lib: ['lib.es2024.d.ts'] });
  return written.map((block, index) => {
    const modules = ts.preProcessFile(block.text).importedFiles.map(({ fileName }) => fileName);
    const missing = complaints
      .filter((complaint) => complaint.block === typed[index])
      .flatMap(({ message }) => /(?:Cannot find name|for the shorthand property) '(\w+)'/.exec(message)?.[1] ?? []);
    const granted = [...new Set(missing.filter((name) => grantable.includes(name)))];
    const ofPage = missing.filter((name) => elements.includes(name) || !grantable.includes(name));
    return {
      ...block,
      modules,
      granted,
      inPage: ofPage.length > 0 || modules.includes('doctape-sdk/browser'),
    };
  });
}

/** All pieces of code of the documentation. */
export const pieces: Piece[] = piecesOf(blocks.filter(({ language }) => language === 'ts' || language === 'js'));
