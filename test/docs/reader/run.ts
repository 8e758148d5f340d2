import { readFile, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { inPackage } from '../../support/paths.js';
import { reply, scriptedServer } from '../../support/scripted-server.js';
import type { CodeBlock } from '../code-blocks.js';
import type { BlockGlobals } from './globals.js';
import { machine, type Running } from './machine.js';

/** The environment of a code block. */
export interface BlockEnvironment {
  /** The sandbox that replaces the one in the documentation, or doctape. */
  sandboxUrl: string;
  /** The values of the globals that the block uses. */
  values?: BlockGlobals;
  /** Code to run after it, which inspects the result. */
  codeAfter?: string;
  env?: Record<string, string>;
}

/** The block with the URL of the sandbox, and with the line numbers of the page. */
function textOf({ line, text }: CodeBlock, { sandboxUrl, codeAfter = '' }: BlockEnvironment): string {
  return `${'\n'.repeat(line - 1)}${text.replaceAll('http://127.0.0.1:4400', sandboxUrl)}\n${codeAfter}`;
}

/** Code to run before a block: defines its globals, or replaces doctape if the block does not name a sandbox. */
function codeBefore({ globals, inBrowser, text }: CodeBlock, { sandboxUrl, values }: BlockEnvironment): string {
  const own = (file: string) => JSON.stringify(resolve('test/docs/reader', file));
  if (globals.length > 0)
    return `import { defineGlobals } from ${own('globals.ts')};\ndefineGlobals(${JSON.stringify(values)});`;
  if (inBrowser || text.includes('http://127.0.0.1:4400')) return '';
  return `import { replaceDoctape } from ${own('replace-doctape.ts')};\nreplaceDoctape(${JSON.stringify(sandboxUrl)});`;
}

/** Saves a block, and the code to run before it. */
async function save(
  block: CodeBlock,
  environment: BlockEnvironment,
  folder: string,
): Promise<{ before: string; file: string }> {
  const before = join(folder, 'before.mts');
  const file = join(folder, `${basename(block.page)}.m${block.language}`);
  await writeFile(before, codeBefore(block, environment));
  await writeFile(file, textOf(block, environment));
  return { before, file };
}

/** Starts a block in Node. */
export async function runInNode(
  block: CodeBlock,
  environment: BlockEnvironment,
): Promise<Running & { folder: string }> {
  const { folder, start } = await machine({ ...environment, packages: packagesOf(block) });
  const { before, file } = await save(block, environment, folder);
  return { folder, ...start(process.execPath, ['--import', pathToFileURL(before).href, file], environment.env) };
}

const html = `<!doctype html><title>App</title><button>Sign in</button><img alt="">
<script type="module" src="/script.js"></script>`;

/** Serves a page with a button, an image, and a block as its script. @returns its URL */
export async function servePage(block: CodeBlock, environment: BlockEnvironment): Promise<string> {
  const { folder } = await machine(environment);
  const { before, file } = await save(block, environment, folder);
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

/** The third-party packages that a block imports. */
function packagesOf({ modules }: CodeBlock): Set<string> {
  const others = modules.filter((module) => !/^(?:doctape-sdk|node:)/.test(module));
  return new Set(others.map((module) => module.replace(/\/.*/, '')));
}

interface TestResult {
  title: string;
  status: string;
  failureMessages: string[];
}

/** Runs a block as the start of a test file that contains these tests. @returns the result of each test, by its title */
export async function runAsTests(block: CodeBlock, tests: string): Promise<Record<string, string>> {
  const { folder, start } = await machine({ packages: packagesOf(block) });
  await writeFile(join(folder, `app.test.${block.language}`), `${block.text}\n${tests}`);
  const command = [inPackage('vitest/vitest.mjs'), 'run', '--reporter=json', '--outputFile=report.json'];
  await start(process.execPath, command).ended.catch(() => {}); // which tests failed is in the report
  const { testResults } = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8'));
  const results: TestResult[] = testResults[0].assertionResults;
  return Object.fromEntries(results.map(({ title, status, failureMessages }) => [title, failureMessages[0] ?? status]));
}
