import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { inRepository } from './paths.ts';

/** Two small applications. The documentation names their sizes, and a test limits them. */
export const applications: { 'sign in': string; 'sign in, list, link': string } = {
  'sign in': `
    import { ImplicitGrantClient } from 'doctape-sdk/browser';
    const client = new ImplicitGrantClient({ clientId: 'a', redirectUri: location.origin + '/' });
    document.title = client.resume()?.access_token ? 'in' : 'out';
    onclick = () => client.signIn();`,

  'sign in, list, link': `
    import { ApiClient } from 'doctape-sdk';
    import { ImplicitGrantClient } from 'doctape-sdk/browser';
    const client = new ImplicitGrantClient({ clientId: 'a', redirectUri: location.origin + '/', scope: ['file.read'] });
    const token = client.resume();
    if (!token) client.signIn();
    else {
      const api = new ApiClient({ token });
      for (const { id, name } of await api.files.list()) {
        document.body.append(Object.assign(document.createElement('a'), { href: api.files.url(id), textContent: name }));
      }
    }`,
};

/** The chunks that a page loads at its start, and all chunks. */
export function chunksOf({ outputs }: Metafile): { first: string[]; all: string[] } {
  const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint !== undefined && !isLazy(path)) ?? '';
  function isLazy(path: string): boolean {
    return Object.values(outputs).some(({ imports }) =>
      imports.some((imported) => imported.kind === 'dynamic-import' && imported.path === path),
    );
  }
  const first = new Set([entry]);
  for (const path of first) {
    for (const { path: imported, kind } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement') first.add(imported);
    }
  }
  return { first: [...first], all: Object.keys(outputs) };
}

/**
 * The bytes that a page loads for this program, minified by esbuild and compressed by `gzip -9`.
 * @param splitting whether code that is loaded on demand is in separate files
 */
export async function pageSizes(text: string, splitting = true): Promise<{ first: number; all: number }> {
  const folder = await mkdtemp(inRepository('node_modules/.page-')); // in node_modules, so that the package can be imported by its name
  try {
    const path = join(folder, 'application.js');
    await writeFile(path, text);
    return await sizes(path, splitting);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The bytes of the single file for pages without a bundler, compressed by `gzip -9`. */
export async function singleFileSize(): Promise<number> {
  return gzipSync(await readFile(inRepository('dist/doctape-sdk.min.js')), { level: 9 }).length;
}

async function sizes(path: string, splitting: boolean): Promise<{ first: number; all: number }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [path],
    bundle: true,
    minify: true,
    splitting,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir: 'out',
    nodePaths: [inRepository('test/consumers/node_modules')],
    external: ['crypto', 'util'], // dropbox imports them, but does not use them in a browser
    logLevel: 'error',
  });
  const gzipped = (paths: string[]) =>
    outputFiles
      .filter((file) => paths.some((wanted) => file.path.endsWith(wanted)))
      .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  const { first, all } = chunksOf(metafile);
  return { first: gzipped(first), all: gzipped(all) };
}
