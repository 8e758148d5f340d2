import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build } from 'esbuild';

const source = import.meta.dirname;
const repository = join(source, '../../..');

const options: BuildOptions = {
  bundle: true,
  minify: true,
  target: 'es2022',
  platform: 'browser',
  logLevel: 'warning',
};

/**
 * Writes what the playground needs besides its page: the service worker, the page of the visitor's code, and the SDK.
 *
 * @param site the folder of the built site. The page is in it already
 */
export async function bundlePlayground(site: string, base: string): Promise<void> {
  const folder = join(site, 'playground');
  for (const file of ['run.html', 'run.css']) copyFileSync(join(source, 'frame', file), join(folder, file));
  await build({
    ...options,
    format: 'esm',
    outdir: folder,
    entryPoints: {
      run: join(source, 'frame/run.ts'),
      playground: join(source, 'frame/playground.ts'),
      'doctape-sdk.min': join(repository, 'src/doctape-sdk.min.ts'),
    },
  });
  const siteFiles = [
    ...['./', 'run.html', 'run.css', 'run.js', 'playground.js', 'doctape-sdk.min.js'],
    ...filesOf(readFileSync(join(folder, 'index.html'), 'utf8'), base).map((file) => `../${file}`),
  ];
  for (const file of siteFiles)
    if (!existsSync(join(folder, file))) throw new Error(`the playground needs ${file}, which was not built`);
  const { metafile } = await build({
    ...options,
    format: 'iife', // Firefox loads no modules as service workers
    entryPoints: [join(source, 'worker/worker.ts')],
    outfile: join(folder, 'worker.js'),
    define: { siteFiles: JSON.stringify(siteFiles) },
    metafile: true,
    plugins: [
      {
        name: 'no-pdf',
        setup({ onResolve }) {
          onResolve({ filter: /\/pdf-meta\.js$/ }, () => ({ path: join(source, 'worker/no-pdf.ts') }));
        },
      },
    ],
  });
  const pdf = Object.keys(metafile.inputs).find((file) => file.includes('unpdf'));
  if (pdf) throw new Error(`the service worker of the playground would include ${pdf}: correct the plugin no-pdf`);
}

/** The scripts and styles of a page, relative to the site. */
function filesOf(html: string, base: string): string[] {
  const tags = html.match(/<(?:script|link)\b[^>]*>/g) ?? [];
  const urls = tags.flatMap((tag) => /\s(?:src|href)="([^"]+)"/.exec(tag)?.[1] ?? []);
  return [...new Set(urls)].map((url) => url.slice(base.length));
}
