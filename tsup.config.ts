import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { defineConfig, type Options } from 'tsup';
import { minify } from 'vite';
import { fewFiles, ownZod, staticImports } from './test/support/build-plugins.js';
import { inPackage } from './test/support/paths.js';

// Here, because every script builds the package first.
if (!process.features.typescript) {
  throw new Error(
    `Node ${process.versions.node} is too old. \`npm ci\` installs Node 24, unless npm ignores install scripts: run \`npm rebuild node --ignore-scripts=false\``,
  );
}

// Every file directly in src/ is an entry point.
const { 'doctape-sdk.min': singleFile = '', ...entry } = Object.fromEntries(
  readdirSync('src', { withFileTypes: true })
    .filter((file) => file.isFile())
    .map(({ name }) => [name.replace(/\.ts$/, ''), `src/${name}`]),
);

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** The packages that are bundled: their licences go along. */
const bundled = [
  '@borewit/text-codec',
  '@clack/core',
  '@clack/prompts',
  '@hono/node-server',
  '@noble/hashes',
  '@tokenizer/inflate',
  '@tokenizer/token',
  '@zip.js/zip.js',
  'ansi-regex',
  'commander',
  'content-type',
  'fast-string-truncated-width',
  'fast-string-width',
  'fast-wrap-ansi',
  'file-type',
  'get-east-asian-width',
  'gifuct-js',
  'hono',
  'image-size',
  'jpeg-js',
  'js-binary-schema-parser',
  'media-typer',
  'mediabunny',
  'mime',
  'multipasta',
  'music-metadata',
  'picomatch',
  'pkce-challenge',
  'pretty-bytes',
  'sisteransi',
  'string-width',
  'strip-ansi',
  'strtok3',
  'token-types',
  'uint8array-extras',
  'unpdf',
  'win-guid',
  'zod', // its own files load all of its languages, which takes Node 50 ms
];

function licenceOf(name: string): string {
  const folder = inPackage(name);
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file = readdirSync(folder).find((candidate) => /^licen[cs]e/i.test(candidate));
  return `${name} ${version} (${license})\n\n${file ? readFileSync(`${folder}/${file}`, 'utf8') : ''}`;
}

const common: Options = {
  entry,
  format: 'esm',
  target: 'es2022',
  platform: 'node',
  removeNodeProtocol: false,
  splitting: true,
  esbuildOptions(options) {
    // its exports have no condition that every bundler and test runner knows; this variant runs wherever there is WebCrypto
    options.alias = { 'pkce-challenge': inPackage('pkce-challenge/dist/index.browser.js') };
  },
  esbuildPlugins: [
    {
      name: 'media-libraries',
      setup(build) {
        // for Node they open files themselves; the sandbox also runs in pages, and hands them the bytes
        build.onResolve({ filter: /^(music-metadata|strtok3)$/ }, ({ path }) => ({
          path: inPackage(`${path}/lib/core.js`),
        }));
        // it would print what is in uploaded files, if the environment had a variable DEBUG
        build.onResolve({ filter: /^debug$/ }, ({ path }) => ({ path, namespace: 'no-debug' }));
        build.onLoad({ filter: /.*/, namespace: 'no-debug' }, () => ({ contents: 'export default () => () => {};' }));
      },
    },
  ],
};

const config: ReturnType<typeof defineConfig> = defineConfig([
  {
    ...common,
    // nobody imports the script of a thread, so it is an entry point of its own
    entry: { ...entry, 'media-worker': 'src/sandbox/media/pool/media-worker.ts' },
    esbuildPlugins: [...(common.esbuildPlugins ?? []), fewFiles, ownZod],
    clean: true,
    plugins: [
      {
        name: 'remove-unused-imports',
        async renderChunk(code, { entryPoint }) {
          // esbuild keeps an import of each file of which an entry point uses nothing; only the libraries of the sandbox have side effects
          const isOwn = entryPoint !== undefined && /^src\/(?!sandbox\/)/.test(entryPoint);
          return isOwn ? { code: code.replace(/^import "\.\/chunk-\w+\.js";\n/gm, '') } : undefined;
        },
      },
    ],
    async onSuccess() {
      const { createSandbox } = await import(pathToFileURL(resolve('dist/sandbox.js')).href);
      const response = await createSandbox().fetch('https://my.doctape.com/openapi.json');
      writeFileSync('dist/openapi.json', `${JSON.stringify(await response.json(), null, 2)}\n`);
      const text = bundled.map(licenceOf).join(`\n${'-'.repeat(80)}\n\n`);
      writeFileSync('dist/third-party-licences.txt', text);
    },
  },
  {
    ...common,
    entry: { 'doctape-sdk.min': singleFile },
    platform: 'browser',
    noExternal: [/./],
    splitting: false,
    esbuildPlugins: [...(common.esbuildPlugins ?? []), staticImports],
    plugins: [
      {
        name: 'minify', // 4 % smaller than by esbuild
        async renderChunk(source) {
          const { code } = await minify('doctape-sdk.min.js', source, { module: true });
          const banner = `/*! doctape-sdk ${version}, MIT. Contains zod, MIT: third-party-licences.txt */`;
          return { code: `${banner}\n${code}` };
        },
      },
    ],
  },
  { ...common, dts: { only: true } },
]);
export default config;
