import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { inPackage } from '../../support/places.js';
import { reply, scriptedServer } from '../../support/scripted-server.js';
import type { Piece } from '../pieces.js';
import type { Given } from './given.js';
import { machine, type Running } from './machine.js';

/** What a piece of code finds when it runs. */
export interface Surroundings {
  /** The address of the sandbox that stands where the documentation names one, or doctape. */
  sandboxUrl: string;
  /** For the names that the piece takes for granted. A program that is complete is given none. */
  given?: Given;
  /** Code that stands behind it, to look at what it left. */
  afterwards?: string;
  env?: Record<string, string>;
}

/** As the reader would save it, but for the address of the sandbox, and so that lines are those of the page. */
function textOf({ line, text }: Piece, { sandboxUrl, afterwards = '' }: Surroundings): string {
  return `${'\n'.repeat(line - 1)}${text.replaceAll('http://127.0.0.1:4400', sandboxUrl)}\n${afterwards}`;
}

/** What has to be there before a piece: the names that it takes for granted, or doctape for one that names no sandbox. */
function preparation({ granted, inPage, text }: Piece, { sandboxUrl, given }: Surroundings): string {
  const own = (file: string) => JSON.stringify(resolve('test/docs/reader', file));
  if (granted.length > 0) return `import { give } from ${own('given.ts')};\ngive(${JSON.stringify(given)});`;
  if (inPage || text.includes('http://127.0.0.1:4400')) return '';
  return `import { putBehindDoctape } from ${own('doctape.ts')};\nputBehindDoctape(${JSON.stringify(sandboxUrl)});`;
}

/** Saves a piece and what has to be there before. */
async function save(
  piece: Piece,
  surroundings: Surroundings,
  folder: string,
): Promise<{ before: string; file: string }> {
  const before = join(folder, 'before.mts');
  const file = join(folder, `${basename(piece.page)}.m${piece.language}`);
  await writeFile(before, preparation(piece, surroundings));
  await writeFile(file, textOf(piece, surroundings));
  return { before, file };
}

/** Starts a piece in Node. */
export async function runInNode(piece: Piece, surroundings: Surroundings): Promise<Running & { folder: string }> {
  const { folder, start } = await machine({ ...surroundings, packages: packagesOf(piece) });
  const { before, file } = await save(piece, surroundings, folder);
  return { folder, ...start(process.execPath, ['--import', pathToFileURL(before).href, file], surroundings.env) };
}

const html = `<!doctype html><title>App</title><button>Sign in</button><img alt="">
<script type="module" src="/script.js"></script>`;

/** Serves a page with a button, a picture, and a piece as its script. @returns its address */
export async function servePage(piece: Piece, surroundings: Surroundings): Promise<string> {
  const { folder } = await machine(surroundings);
  const { before, file } = await save(piece, surroundings, folder);
  const imports = [before, file].map((path) => `import ${JSON.stringify(path)};`);
  const { outputFiles } = await build({
    stdin: { contents: imports.join('\n'), resolveDir: folder },
    outdir: folder,
    entryNames: 'script',
    bundle: true,
    splitting: true,
    format: 'esm',
    write: false,
    logLevel: 'silent',
  });
  const scripts = new Map(outputFiles.map(({ path, text }) => [`/${basename(path)}`, text]));
  const { url } = await scriptedServer(({ url = '' }, response) => {
    const script = scripts.get(url);
    const type = script === undefined ? 'text/html' : 'text/javascript';
    reply(response, 200, script ?? html, { 'content-type': type });
  });
  return `${url}/`;
}

/** The packages of others that a piece imports. */
function packagesOf({ modules }: Piece): Set<string> {
  const others = modules.filter((module) => !/^(?:doctape-sdk|node:)/.test(module));
  return new Set(others.map((module) => module.replace(/\/.*/, '')));
}

interface TestResult {
  title: string;
  status: string;
  failureMessages: string[];
}

/** Runs a piece as the beginning of a file of tests, which ends in these. @returns what became of each, by its title */
export async function runAsTests(piece: Piece, tests: string): Promise<Record<string, string>> {
  const { folder, start } = await machine({ packages: packagesOf(piece) });
  await writeFile(join(folder, `app.test.${piece.language}`), `${piece.text}\n${tests}`);
  const command = [inPackage('vitest/vitest.mjs'), 'run', '--reporter=json', '--outputFile=report.json'];
  await start(process.execPath, command).ended.catch(() => {}); // which tests failed is in the report
  const { testResults } = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  const results: TestResult[] = testResults[0].assertionResults;
  return Object.fromEntries(results.map(({ title, status, failureMessages }) => [title, failureMessages[0] ?? status]));
}
