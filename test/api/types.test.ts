import { resolve } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { compile, everywhere } from '../docs/compile.js';

/** The errors of the compiler for a program that uses the package. */
function compileErrors(text: string): string[] {
  const block = { page: 'docs/program', place: 'a program', line: 1, language: 'ts', text };
  return compile([block], { ...everywhere, strict: true, exactOptionalPropertyTypes: true }).map(
    ({ line, message }) => `${line}: ${message.split('\n')[0]}`,
  );
}

const file = `
import type { Account, FileInfo, FileMeta, Tape, UploadedFile } from 'doctape-sdk';
declare const file: FileInfo, account: Account, tape: Tape, uploaded: UploadedFile;
`;

it('types every result as a record, for the fields that a server adds', () => {
  const program = `${file}
    const fields: Record<string, unknown> = account;
    const language = fields.language_code === 'de' ? 'de' : 'en';
    export const values: unknown[] = [language, (account as Record<string, unknown>).language_code];
    const { id, ...rest }: FileInfo & Record<string, unknown> = file;
    export const records: Record<string, unknown>[] = [file, file.meta, tape, uploaded, rest];`;
  expect(compileErrors(program)).toEqual([]);
});

it('reports a misspelt field, and completes the others', () => {
  expect(compileErrors(`${file}export const name = file.nmae;`)).toEqual([
    expect.stringContaining("Property 'nmae' does not exist on type 'FileInfo'"),
  ]);
  expect(compileErrors(`${file}export const meta = { widht: 1 } satisfies FileMeta;`)).toEqual([
    expect.stringContaining("'widht' does not exist in type 'FileMeta'"),
  ]);
  const program = `${file}
    export const known: Omit<FileInfo, 'meta'>['size'] = file.size;
    export const unknown: keyof Tape = 'nmae';`;
  expect(compileErrors(program)).toEqual([expect.stringContaining(`'"nmae"' is not assignable to type 'keyof Tape'`)]);
});

// Otherwise a program with exactOptionalPropertyTypes could not pass on an optional option of its own.
it('accepts undefined for every optional option', () => {
  const entries = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'object' ? [entry.types] : []));
  const program = ts.createProgram(entries, { ...everywhere, strict: true });
  const checker = program.getTypeChecker();
  const dist = resolve('dist');
  const seen = new Set<ts.Type>();
  const optional = new Set<string>();
  const exact = new Set<string>();

  /** Visits every property that can be passed where this type is expected. */
  function visitType(type: ts.Type, path: string): void {
    if (seen.has(type)) return;
    seen.add(type);
    if (type.isUnionOrIntersection()) for (const part of type.types) visitType(part, path);
    for (const argument of checker.getTypeArguments(type as ts.TypeReference)) visitType(argument, path);
    for (const property of type.getProperties()) {
      const [declaration] = property.declarations ?? [];
      if (!declaration?.getSourceFile().fileName.startsWith(dist)) continue;
      const place = `${(type.aliasSymbol ?? type.symbol).name.replace('__type', path)}.${property.name}`;
      if (ts.isPropertySignature(declaration) && declaration.questionToken && declaration.type) {
        optional.add(place);
        if (!acceptsUndefined(checker.getTypeFromTypeNode(declaration.type))) exact.add(place);
      }
      visitType(checker.getTypeOfSymbol(property), place);
    }
  }

  function acceptsUndefined(type: ts.Type): boolean {
    const parts = type.isUnion() ? type.types : [type];
    return parts.some(({ flags }) => flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Unknown));
  }

  function visitSignatures(type: ts.Type, path: string): void {
    for (const signature of [...type.getCallSignatures(), ...type.getConstructSignatures()]) {
      for (const parameter of signature.getParameters()) {
        visitType(checker.getTypeOfSymbol(parameter), `${path}(${parameter.name})`);
      }
    }
  }

  for (const entry of entries) {
    const source = program.getSourceFile(entry);
    const module = source && checker.getSymbolAtLocation(source);
    for (const exported of module ? checker.getExportsOfModule(module) : []) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (symbol.valueDeclaration) visitSignatures(checker.getTypeOfSymbol(symbol), symbol.name);
      for (const member of checker.getDeclaredTypeOfSymbol(symbol).getProperties()) {
        visitSignatures(checker.getTypeOfSymbol(member), `${symbol.name}.${member.name}`);
      }
    }
  }

  expect(optional.size).toBeGreaterThan(60);
  expect([...exact]).toEqual([]);
});
