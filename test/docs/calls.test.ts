import { expect, it } from 'vitest';
import { ImplicitGrantClient } from '../../src/browser.js';
import { scopes } from '../../src/index.js';
import { AuthorizationCodeClient } from '../../src/server.js';
import { compile, everywhere } from './compile.js';
import { entries } from './entries.js';
import { names } from './names.js';
import { pages } from './pages.js';
import { codeIn, linesOf, tablesOf } from './tables.js';

// Compiles the calls in sentences and tables of the documentation.

interface Call {
  page: string;
  line: number;
  code: string;
  /** Whether it replaces an old call, and so must be complete. */
  isComplete: boolean;
}

const exported = Object.entries(entries).flatMap(([path, entry]) => Object.keys(entry).map((name) => ({ path, name })));

/** The methods of a client that the pages write without the client's name. */
const methods = [AuthorizationCodeClient, ImplicitGrantClient].flatMap(({ name, prototype }) =>
  Object.getOwnPropertyNames(prototype)
    .filter((method) => method !== 'constructor')
    .map((method) => ({ type: `${name}['${method}']`, method })),
);

const subjects = ['api', 'client', 'token', 'sandbox', 'account', 'files', 'tapes', 'view'];
const functions = [...exported.map(({ name }) => name), ...methods.map(({ method }) => method)];
const begins = new RegExp(
  `^(?:const .* = )?(?:await |new |(?:${subjects.join('|')})\\.\\w|(?:${functions.join('|')})\\()`,
);

const fileNames = /^\w+(?:\.test)?\.(?:json|sqlite|m?[jt]s)\b/;

function isCall(code: string): boolean {
  const known: readonly string[] = scopes;
  return begins.test(code) && !known.includes(code) && !code.includes('…') && !fileNames.test(code);
}

/** The headings of columns with calls that replace old ones. */
const endsWithNow = /\bnow$/i;

/** The calls of all pages, without those of the clients of 2013. */
const calls: Call[] = pages.flatMap((page) => {
  const cells = tablesOf(page).flatMap(({ columns, rows }) =>
    rows.flatMap(({ line, cells }) => cells.map((text, index) => ({ line, text, column: columns[index] ?? '' }))),
  );
  const sentences = linesOf(page).flatMap((text, index) =>
    text.startsWith('|') ? [] : [{ line: index + 1, text, column: '' }],
  );
  return [...cells, ...sentences]
    .filter(({ column }) => !/\bthen$/i.test(column))
    .flatMap(({ line, text, column }) =>
      codeIn(text)
        .filter(isCall)
        .map((code) => ({ page, line, code, isComplete: endsWithNow.test(column) })),
    );
});

/** In a sentence, `files.url()` is the name of the method. Each call has its own block, because several can declare a name. */
function statement({ code, isComplete }: Call): string {
  const name = /^([\w.]+)\(\)$/.exec(code)?.[1];
  const isName = name !== undefined && !(isComplete && name.includes('.'));
  return `{ const name = String(); ${isName ? name : code}; }`; // the DOM declares a global `name`
}

/** Declares the names that sentences use, in addition to those of names.ts. */
const words = `
import type { AvatarSize, FileChanges, Rendition, Scope, StandardSchema, TapeChanges } from 'doctape-sdk';
import type { AuthorizationCodeClient } from 'doctape-sdk/server';
import type { ImplicitGrantClient } from 'doctape-sdk/browser';
import type { Sandbox, SandboxApp, SandboxUser } from 'doctape-sdk/sandbox';
import type { UploadFormOptions, ViewClient } from 'doctape-sdk/view';

declare global {
  const client: AuthorizationCodeClient & ImplicitGrantClient;
  const sandbox: Sandbox;
  const account: ApiClient['account'];
  const files: ApiClient['files'];
  const tapes: ApiClient['tapes'];
  const view: ViewClient;

  const state: string;
  const code: string;
  const clientId: string;
  const clientSecret: string;
  const redirectUri: string;
  const scope: Scope[];
  const params: Record<string, string>;
  const returnTo: string;
  const href: string;
  const url: URL;
  const old: { access_token: string };

  const size: AvatarSize;
  const rendition: Rendition;
  const source: UploadSource;
  const sources: UploadSource[];
  const changes: FileChanges & TapeChanges;
  const info: FileChanges;
  const tags: string[];
  const starred: boolean;
  const text: string;
  const path: string;
  const folder: string;
  const data: string;
  const adopt: string;
  const converters: boolean;
  const method: 'POST';
  const searchParams: Record<string, string>;
  const signal: AbortSignal;
  const features: string;
  const listener: () => void;
  const email: string;
  const form: FormData;
  const options: UploadFormOptions;
  const json: object;
  const schema: StandardSchema;

  const users: SandboxUser[];
  const apps: SandboxApp[];
  const faults: string;
  const port: number;
  const host: string;
  const allowedHosts: string[];
  const now: () => number;
}
`;

function declarations(): string {
  const values = exported.map(({ path, name }) => `const ${name}: typeof import('${path}').${name};`);
  const both = Map.groupBy(methods, ({ method }) => method);
  const loose = [...both].map(([method, each]) => `const ${method}: ${each.map(({ type }) => type).join(' & ')};`);
  return `declare global {\n${[...values, ...loose].join('\n')}\n}`;
}

it('finds the calls', () => {
  const found = calls.map(({ page, code }) => `${page}: ${code}`);
  expect(found).toEqual(
    expect.arrayContaining([
      "docs/migrating.md: api.files.download(id, 'thumb_120.jpg')",
      'docs/migrating.md: new AuthorizationCodeClient({ clientId, clientSecret, redirectUri })',
      'docs/browser.md: signIn({ scope, returnTo, params })',
      "docs/testing.md: await sandbox.authorize(url, { username: 'alice' })",
      'docs/files.md: files.clone(id)',
    ]),
  );
  expect(found.filter((call) => /\bdt\.|Strategy/.test(call))).toEqual([]);
});

it('recognises every call that replaces an old one', () => {
  const cells = pages.flatMap((page) =>
    tablesOf(page).flatMap(({ columns, rows }) => {
      const now = columns.findIndex((column) => endsWithNow.test(column));
      return rows.flatMap(({ line, cells }) => codeIn(cells[now]).map((code) => ({ place: `${page}:${line}`, code })));
    }),
  );
  expect(cells.length).toBeGreaterThan(30);
  const unknown = cells.filter(({ code }) => code.includes('(') && !isCall(code));
  expect(unknown.map(({ place, code }) => `${place}: ${code}`)).toEqual([]);
});

it('compiles every call', () => {
  const lines = Map.groupBy(calls, ({ page, line }) => `${page}:${line}`);
  const blocks = [...lines].map(([place, [first, ...others]]) => ({
    page: first?.page ?? '',
    place,
    line: first?.line ?? 0,
    language: 'ts',
    text: [first, ...others].map((call) => call && statement(call)).join(' '),
  }));
  const problems = compile(blocks, { ...everywhere, strict: true }, `${names}\n${words}\n${declarations()}`);
  expect(problems.map(({ block, line, message }) => `${block?.page ?? 'words'}:${line}: ${message}`)).toEqual([]);
});
