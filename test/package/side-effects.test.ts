import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { installPackage, linkPackage, packPackage } from '../support/packed-package.js';

// `"sideEffects": false` promises that a bundler can remove a module whose exports are not used. Bundlers do not check the
// promise, so a test of a bundle would prove nothing.

const run = promisify(execFile);
const { exports } = JSON.parse(await readFile('package.json', 'utf8'));
const entries = Object.keys(exports)
  .filter((path) => !path.endsWith('.json'))
  .map((path) => `doctape-sdk${path.slice(1)}`);

/** The effects of importing zod, and msw, which only `doctape-sdk/testing` imports. */
const ofDependencies = ['__zod_globalConfig', '__zod_globalRegistry', '__MSW_INTERCEPTORS_REGISTRY'];

/** The effects of the libraries that read PDFs and videos, which include polyfills of ES2026. The sandbox loads them on demand. */
const ofMedia = [
  ...['pdfjsLib', 'pdfjsWorker', '_pdfjsTestingUtils', 'DOMMatrix', 'Symbol(mediabunny loaded)'],
  ...['Math.sumPrecise', 'Uint8Array.prototype.toHex', 'Map.prototype.getOrInsertComputed'],
];

/** Programs that are not imported. The second one runs in worker threads. */
const scripts = ['cli.js', 'media-worker.js'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctape-effects-'));
  await installPackage((await packPackage(folder)).tarball, folder);
  await linkPackage('msw', folder);
  await copyFile('test/package/effects-of.ts', join(folder, 'effects-of.ts'));
  return () => rm(folder, { recursive: true, force: true });
});

/** The effects of importing modules, without those of other packages. */
async function effectsOf(...modules: string[]): Promise<string[]> {
  const { stdout, stderr } = await run(process.execPath, ['effects-of.ts', ...modules], { cwd: folder });
  const effects: string[] = JSON.parse(stdout).map((path: string) => path.replace(/^globalThis\./, ''));
  return [...effects, ...stderr.split('\n').filter(Boolean)].filter((effect) => !ofDependencies.includes(effect));
}

it.each(entries)('importing %s has no side effects', async (entry) => {
  expect(await effectsOf(entry)).toEqual([]);
});

/** The files that a file of `dist` imports, at once or on demand. */
async function importsOf(file: string): Promise<string[]> {
  const text = await readFile(join('dist', file), 'utf8');
  return [...text.matchAll(/\b(?:from|import)\s*\(?\s*"\.\/([\w.-]+\.js)"/g)].map(([, name = '']) => name);
}

it('the chunks that are loaded on demand have no side effects', async () => {
  const built = (await readdir('dist')).filter((file) => file.endsWith('.js'));
  const files = new Set(built.filter((file) => !/^chunk-|-[A-Z\d]{8}\./.test(file) && !scripts.includes(file)));
  for (const file of files) for (const imported of await importsOf(file)) files.add(imported);
  expect(files.size).toBeGreaterThan(entries.length);
  const effects = await effectsOf(...[...files].map((file) => `./node_modules/doctape-sdk/dist/${file}`));
  expect(effects.filter((name) => !ofMedia.includes(name))).toEqual([]);
});

it.each([
  ['globalThis.left = 1', 'left'],
  ['Array.prototype.left = 1', 'Array.prototype.left'],
  ['Response.prototype.text = () => {}', 'Response.prototype.text'],
  ["process.env.LEFT = '1'", 'process.env.LEFT'],
  ["process.on('exit', () => {})", 'process._events.exit'],
  ["console.error('left')", 'left'],
  ['setInterval(() => {}, 1000).unref(); setTimeout(() => {}, 1)', 'active resources were'],
])('the test detects %s', async (program, effect) => {
  const path = `${crypto.randomUUID()}.mjs`;
  await writeFile(join(folder, path), program);
  expect(await effectsOf(`./${path}`)).toContainEqual(expect.stringContaining(effect));
});
