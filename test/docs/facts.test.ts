import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import * as sdk from '../../src/index.js';
import { type Faults, parseFaults } from '../../src/sandbox/server/faults.js';
import * as sandbox from '../../src/sandbox.js';
import { everywhere } from './compile.js';
import { entries } from './entries.js';
import { pages } from './pages.js';
import { codeIn, linesOf, rowsUnder, tablesOf } from './tables.js';

// Compares the tables of the documentation with the code.

describe('the imports of the README', () => {
  const rows = rowsUnder('Import', 'README.md').map(({ cells: [path, names] }) => ({
    path: codeIn(path)[0] ?? '',
    names,
  }));
  const imports = rows.filter(({ path }) => path in entries);

  it('are the exports of the package', () => {
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
    const paths = Object.keys(exports).filter((path) => !path.endsWith('.json'));
    expect(imports.map(({ path }) => path).sort()).toEqual(
      paths.map((path) => path.replace('.', 'doctape-sdk')).sort(),
    );
    expect(Object.keys(entries).sort()).toEqual(imports.map(({ path }) => path).sort());
  });

  it.each(imports)('$path has the listed exports', ({ path, names }) => {
    const given = Object.keys(entries[path] ?? {}).filter((name) => !name.endsWith('Error'));
    expect(
      codeIn(names)
        .filter((name) => /^\w+$/.test(name) && name !== 'Request')
        .sort(),
    ).toEqual(given.sort());
  });
});

describe('an error', () => {
  const program = ts.createProgram(['dist/index.d.ts'], everywhere);
  const checker = program.getTypeChecker();
  const file = program.getSourceFile('dist/index.d.ts');
  const root = file && checker.getSymbolAtLocation(file);
  if (!root) throw new Error('there is no dist/index.d.ts: run npm run build first');

  const classes = new Map(
    checker.getExportsOfModule(root).flatMap((symbol) => {
      const own = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      const isError = own.flags & ts.SymbolFlags.Class && own.name.endsWith('Error');
      return isError ? [[own.name, checker.getDeclaredTypeOfSymbol(own)]] : [];
    }),
  );

  /** The codes of a class. Undefined if servers define them. */
  function codesOf(name: string): string[] | undefined {
    const type = classes.get(name);
    const code = type && checker.getPropertyOfType(type, 'code');
    if (!code) throw new Error(`${name} has no code`);
    const types = checker.getTypeOfSymbol(code);
    const values = (types.isUnion() ? types.types : [types]).map((each) => each.isStringLiteral() && each.value);
    return values.every((value) => value !== false) ? values : undefined;
  }

  /** The properties of a class that its base does not have. */
  function propertiesOf(name: string): string[] {
    const members = [...(classes.get(name)?.symbol.members?.keys() ?? [])].map(String);
    return members.filter((member) => !['name', 'code', '__constructor'].includes(member));
  }

  const rows = rowsUnder('Class', 'docs/errors.md').map(({ cells: [name, codes, more] }) => ({
    name: codeIn(name)[0] ?? '',
    codes: codeIn(codes),
    more: codeIn(more),
  }));

  it('is listed in docs/errors.md if it is exported', () => {
    const concrete = [...classes.keys()].filter((name) => name !== 'DoctapeError');
    expect(concrete.length).toBeGreaterThan(10);
    expect(rows.map(({ name }) => name).sort()).toEqual(concrete.sort());
  });

  it.each(rows)('$name has the listed codes and properties', ({ name, codes, more }) => {
    const known = codesOf(name);
    if (known) expect(codes.sort()).toEqual(known.sort());
    const properties = more.filter((word) => /^[a-z]\w*$/.test(word));
    expect(properties.sort()).toEqual(propertiesOf(name).sort());
  });

  it.each(rows.filter(({ codes }) => /^http_\d+$/.test(codes[0] ?? '')))(
    '$name has the code $codes and the listed base class',
    async ({ name, codes, more }) => {
      const [code = ''] = codes;
      const headers = {
        'www-authenticate': name === 'InsufficientScopeError' ? 'Bearer error="insufficient_scope"' : 'Bearer',
      };
      const fetch = async () => Response.json({ error: {} }, { status: Number(code.slice(5)), headers });
      const error = await new sdk.ApiClient({ token: 'a', fetch, retry: false }).account
        .get()
        .catch((reason) => reason);
      expect(error).toMatchObject({ name, code });
      expect(Object.getPrototypeOf(error.constructor).name).toBe(more[0]);
    },
  );

  it('has every code that a table names', () => {
    const listed = pages.flatMap((page) => tablesOf(page).flatMap(({ rows }) => rows.map((row) => ({ page, ...row }))));
    const wrong = listed.flatMap(({ page, line, cells: [first = ''] }) => {
      const [name = '', ...codes] = first.startsWith('`') ? codeIn(first) : [];
      const known = classes.has(name) ? codesOf(name) : undefined;
      const others = codes.filter((code) => known && !classes.has(code) && !known.includes(code));
      return others.map((code) => `${page}:${line}: ${name} has no code ${code}`);
    });
    expect(wrong).toEqual([]);
  });

  it('is exported if a page names it', () => {
    const others = ['TypeError', 'SyntaxError', 'RangeError', 'AbortError', 'AnyDoctapeError']; // of platforms, and a type
    const wrong = pages.flatMap((page) =>
      linesOf(page).flatMap((text, index) =>
        codeIn(text)
          .flatMap((code) => /^[A-Z]\w*Error\b/.exec(code)?.[0] ?? [])
          .filter((name) => !(name in sdk) && !(name in sandbox) && !others.includes(name))
          .map((name) => `${page}:${index + 1}: ${name} is not exported`),
      ),
    );
    expect(wrong).toEqual([]);
  });
});

describe('the options', () => {
  it.each([
    ['docs/server.md', 'Option', 'server', 'AuthorizationCodeClientOptions'],
    ['docs/view.md', 'Option', 'view', 'ViewClientOptions'],
    ['docs/view.md', 'Upload option', 'view', 'ViewUploadOptions'],
    ['docs/view.md', 'Form option', 'view', 'UploadFormOptions'],
    ['docs/browser.md', 'Option', 'browser', 'ImplicitGrantClientOptions'],
    ['docs/sandbox.md', 'Option', 'sandbox', 'SandboxOptions'],
    ['docs/sandbox.md', ['Option', 'Option of `serveSandbox`'], 'serve', 'ServeOptions'],
    ['docs/browser.md', 'Popup option', 'browser', 'PopupOptions'],
    ['docs/server.md', 'Option of `authorize()`', 'server', 'AuthorizeOptions'],
    ['docs/server.md', 'Seal option', 'server', 'TokenSealOptions'],
    ['docs/scripts.md', 'Option of `signInWithLoopback`', 'node', 'LoopbackOptions'],
    ['docs/client.md', 'Option of `ApiClient`', 'index', 'ApiClientOptions'],
    ['docs/client.md', 'Option of `request`', 'index', 'RequestOptions'],
    ['docs/client.md', 'Setting', 'index', 'CallOptions'],
    ['docs/files.md', 'Option of `list`', 'index', 'ListOptions'],
    ['docs/files.md', 'Option of `waitUntilProcessed`', 'index', 'WaitOptions'],
    ['docs/uploads.md', 'Option of `upload`', 'index', 'UploadOptions'],
    ['docs/uploads.md', 'Option of `uploadEach`', 'index', 'UploadEachOptions'],
    ['docs/downloads.md', 'Option of `download`', 'index', 'DownloadOptions'],
    ['docs/downloads.md', 'Option of `saveDownload`', 'node', 'SaveOptions'],
    ['docs/folders.md', 'Option of `uploadFolder`', 'node', 'UploadFolderOptions'],
    ['docs/folders.md', 'Option of `downloadAll`', 'node', 'DownloadAllOptions'],
  ])('in %s are complete', (page, heading, entry, type) => {
    const program = ts.createProgram([`dist/${entry}.d.ts`], everywhere);
    const file = program.getSourceFile(`dist/${entry}.d.ts`);
    const module = file && program.getTypeChecker().getSymbolAtLocation(file);
    const exported =
      module &&
      program
        .getTypeChecker()
        .getExportsOfModule(module)
        .find(({ name }) => name === type);
    if (!exported) throw new Error(`dist/${entry}.d.ts does not export ${type}: run npm run build first`);
    const known = program
      .getTypeChecker()
      .getDeclaredTypeOfSymbol(
        exported.flags & ts.SymbolFlags.Alias ? program.getTypeChecker().getAliasedSymbol(exported) : exported,
      );
    const rows = [heading].flat().flatMap((column) => rowsUnder(column, page));
    const listed = rows.flatMap(({ cells: [names] }) => codeIn(names));
    expect(listed.sort()).toEqual(
      known
        .getProperties()
        .map(({ name }) => name)
        .sort(),
    );
  });
});

it('docs/links.md lists every rendition', () => {
  const named = rowsUnder('Rendition', 'docs/links.md').flatMap(({ cells: [names] }) => codeIn(names));
  expect(['original', ...named].sort()).toEqual([...sdk.renditions].sort());
});

describe('docs/sandbox.md', () => {
  it('explains every fault', () => {
    const known: Record<keyof Faults, true> = {
      latency: true,
      status: true,
      probability: true,
      retryAfter: true,
      cut: true,
      stall: true,
      noRanges: true,
    };
    const documented = rowsUnder('Fault', 'docs/sandbox.md').flatMap(({ cells: [fault] }) => codeIn(fault));
    const faults = parseFaults('docs/sandbox.md', documented.join().replace(/=[A-Z]+/g, '=1'));
    expect(Object.keys(faults).sort()).toEqual(Object.keys(known).sort());
  });

  it('explains every quirk', () => {
    const documented = rowsUnder('Quirk', 'docs/sandbox.md').flatMap(({ cells: [quirk] }) => codeIn(quirk));
    expect(documented.sort()).toEqual([...sandbox.quirks].sort());
  });
});
