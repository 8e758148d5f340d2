import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type BuildOptions, build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inRepository, repository } from '../support/paths.js';

/** A folder in which bundlers find the built package by its name. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(inRepository('node_modules/.bundles-')); // in node_modules, so that the package can be imported by its name
  return () => rm(folder, { recursive: true, force: true });
});

async function source(text: string): Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.js`);
  await writeFile(path, text);
  return path;
}

async function byEsbuild(text: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await esbuild({
    entryPoints: [await source(text)],
    bundle: true,
    write: false,
    format: 'esm',
    logLevel: 'silent',
    ...options,
  });
  return outputFiles?.[0]?.text ?? '';
}

async function byVite(text: string): Promise<string> {
  const entry = await source(text);
  const made = await vite({
    configFile: false,
    logLevel: 'silent',
    root: folder,
    build: { write: false, minify: false, rollupOptions: { input: entry, preserveEntrySignatures: 'strict' } },
  });
  if (!('output' in made)) throw new Error('Vite made no output');
  return made.output[0].code;
}

async function run(code: string): Promise<Record<string, unknown>> {
  const path = join(folder, `${crypto.randomUUID()}.mjs`);
  await writeFile(path, code);
  onTestFinished(() => rm(path));
  return import(path);
}

const application = `
  import { AuthorizationCodeClient } from 'doctape-sdk/server';
  export function start() {
    return new AuthorizationCodeClient({ clientId: 'a', clientSecret: 'b', redirectUri: 'https://app.example/' });
  }`;

function attempt({ start }: Record<string, unknown>): unknown {
  if (typeof start !== 'function') throw new Error('the bundle has no export named start');
  try {
    return start();
  } catch (error) {
    return error;
  }
}

describe('AuthorizationCodeClient in a bundle', () => {
  it.each<[string, (text: string) => Promise<string>]>([
    ['esbuild', (text) => byEsbuild(text, { platform: 'browser' })],
    ['Vite', byVite],
  ])('for a browser, made by %s, is a stub that throws an error with the remedy', async (_name, bundle) => {
    const code = await bundle(application);
    expect(attempt(await run(code))).toMatchObject({
      name: 'ConfigurationError',
      code: 'browser_secret',
      message: expect.stringContaining('ImplicitGrantClient'),
    });
    expect(code.includes('authorization_code')).toBe(false);
  });

  it.each<[string, BuildOptions]>([
    ['Workers', { platform: 'browser', conditions: ['workerd', 'worker', 'browser'] }],
    ['the Vercel edge', { platform: 'browser', conditions: ['edge-light', 'browser'] }],
    ['Node', { platform: 'node' }],
    ['a neutral platform', { platform: 'neutral' }],
  ])('for %s is the real class', async (_name, options) => {
    const code = await byEsbuild(application, options);
    expect({ real: code.includes('authorization_code'), stub: code.includes('bundled for a browser') }).toEqual({
      real: true,
      stub: false,
    });
  });

  it.each(['server', 'view'])('has a stub for every export of the %s entry point', async (entry) => {
    const [real, stub] = await Promise.all([
      import(`../../dist/${entry}.js`),
      import(`../../dist/${entry}.browser.js`),
    ]);
    expect(Object.keys(stub)).toEqual(Object.keys(real));
  });
});

describe('ViewClient in a bundle', () => {
  const program = `
    import { ViewClient } from 'doctape-sdk/view';
    export const start = () => new ViewClient({ clientId: 'a', clientSecret: 'b' });`;

  it('for a browser is a stub that throws an error with the remedy', async () => {
    const code = await byEsbuild(program, { platform: 'browser' });
    expect(attempt(await run(code))).toMatchObject({
      code: 'browser_secret',
      message: expect.stringContaining('create the form and the signed URLs on your server'),
    });
    expect(code).not.toContain('multiauth');
  });

  it('for Node has SHA-1, but none of the other hashes of the library', async () => {
    const code = await byEsbuild(program, { platform: 'node' });
    expect(code).toContain('multiauth');
    expect(code).toMatch(/\bsha1\b/i);
    expect(code).not.toMatch(/md5|ripemd|sha256|blake/i);
  });
});

describe('a bundle for a browser', () => {
  it('has no code for servers if it signs in by implicit grant', async () => {
    const code = await byEsbuild(`export { ImplicitGrantClient } from 'doctape-sdk/browser'`, { platform: 'browser' });
    const parts = ['response_type', 'authorization_code', 'multipart/form-data', 'A256GCM', 'XMLHttpRequest'];
    expect(parts.filter((part) => code.includes(part))).toEqual(['response_type']);
  });

  it('loads the code for transfers on demand', async () => {
    const { outputFiles = [] } = await esbuild({
      entryPoints: [await source(`export { ApiClient } from 'doctape-sdk'`)],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      splitting: true,
      outdir: folder,
      logLevel: 'silent',
    });
    expect(outputFiles[0]?.text.includes('ApiClient')).toBe(true);
    const holding = (text: string) => outputFiles.filter((file) => file.text.includes(text)).map(({ path }) => path);
    for (const part of ['XMLHttpRequest', 'multipart/form-data']) {
      expect(holding(part)).toHaveLength(1);
      expect(holding(part)).not.toContain(outputFiles[0]?.path);
    }
  });
});

describe('a bundle with one export of the package', () => {
  /** The modules with code in the bundle, and their bytes in it. */
  async function inside(text: string): Promise<Record<string, number>> {
    const { metafile } = await esbuild({
      entryPoints: [await source(text)],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'browser',
      outfile: join(folder, 'bundle.js'),
      metafile: true,
      logLevel: 'silent',
    });
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
    const left = inputs.filter(
      ([path, { bytesInOutput }]) => bytesInOutput > 0 && !path.startsWith(relative(repository, folder)),
    );
    return Object.fromEntries(left.map(([path, { bytesInOutput }]) => [path, bytesInOutput]));
  }

  it.each(['doctape-sdk', 'doctape-sdk/browser', 'doctape-sdk/sandbox', 'doctape-sdk/testing'])(
    'is empty if it imports %s without using it',
    async (path) => {
      expect(await inside(`import '${path}'`)).toEqual({});
    },
  );

  // unminified: the array has about 130 bytes, the class with its constructor and `toJSON()` about 640
  it.each([
    ['scopes', 300],
    ['DoctapeError', 700],
  ])('has only %s', async (name, most) => {
    const { 'dist/index.js': _names, ...left } = await inside(`export { ${name} } from 'doctape-sdk'`);
    expect(Object.keys(left)).toEqual([expect.stringMatching(/^dist\/chunk-/)]);
    expect(Object.values(left)[0]).toBeLessThan(most);
  });
});
