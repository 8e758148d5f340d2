import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { type BuildOptions, build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inRepository, repository } from '../support/places.js';

/** What bundlers make of the built package, in a folder where only it can be imported. */
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(inRepository('node_modules/.bundles-')); // so that the package finds itself by its name
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
  if (!('output' in made)) throw new Error('vite gave no output');
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
  if (typeof start !== 'function') throw new Error('the bundle lacks its export');
  try {
    return start();
  } catch (error) {
    return error;
  }
}

describe("the server's client in a bundle", () => {
  it.each<[string, (text: string) => Promise<string>]>([
    ['esbuild', (text) => byEsbuild(text, { platform: 'browser' })],
    ['Vite', byVite],
  ])('for a page, made by %s, is a stand-in that says what to do', async (_name, bundle) => {
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
    ['no runtime in particular', { platform: 'neutral' }],
  ])('for %s is the real one', async (_name, options) => {
    const code = await byEsbuild(application, options);
    expect({ real: code.includes('authorization_code'), standIn: code.includes('bundled for a browser') }).toEqual({
      real: true,
      standIn: false,
    });
  });

  it('has a stand-in for everything that the server entry point exports', async () => {
    const names = ['server', 'server.browser'].map(async (entry) =>
      Object.keys(await import(`../../dist/${entry}.js`)),
    );
    const [real, standIn] = await Promise.all(names);
    expect(standIn).toEqual(real);
  });
});

describe('a bundle for a page', () => {
  it('has nothing of what only servers need when it signs in by implicit grant', async () => {
    const code = await byEsbuild(`export { ImplicitGrantClient } from 'doctape-sdk/browser'`, { platform: 'browser' });
    const parts = ['response_type', 'authorization_code', 'multipart/form-data', 'A256GCM', 'XMLHttpRequest'];
    expect(parts.filter((part) => code.includes(part))).toEqual(['response_type']);
  });

  it('loads transfers only with the first of them', async () => {
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

describe('a bundle with one thing of the package', () => {
  /** The modules of the package and of others of which something is left, and how much. */
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
    'has nothing at all, where %s is imported for nothing',
    async (path) => {
      expect(await inside(`import '${path}'`)).toEqual({});
    },
  );

  it.each(['scopes', 'DoctapeError'])('has %s and nothing else', async (name) => {
    const { 'dist/index.js': _names, ...left } = await inside(`export { ${name} } from 'doctape-sdk'`);
    expect(Object.keys(left)).toEqual([expect.stringMatching(/^dist\/chunk-/)]);
    expect(Object.values(left)[0]).toBeLessThan(300); // the scopes are 133 bytes, the class is 157
  });
});
