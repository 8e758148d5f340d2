import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';
import { inPackage } from './test/support/places.js';

// Every file directly in src/ is an entry point.
const entry = Object.fromEntries(
  readdirSync('src', { withFileTypes: true })
    .filter((file) => file.isFile())
    .map(({ name }) => [name.replace(/\.ts$/, ''), `src/${name}`]),
);

/** The development dependencies that are bundled: their licences go along. */
const bundled = [
  '@clack/core',
  '@clack/prompts',
  '@hono/node-server',
  '@zip.js/zip.js',
  'ansi-regex',
  'commander',
  'content-disposition',
  'exifr',
  'fast-string-truncated-width',
  'fast-string-width',
  'fast-wrap-ansi',
  'get-east-asian-width',
  'gifuct-js',
  'hono',
  'image-size',
  'jpeg-js',
  'js-binary-schema-parser',
  'mediabunny',
  'mime',
  'multipasta',
  'pkce-challenge',
  'pretty-bytes',
  'sisteransi',
  'string-width',
  'strip-ansi',
  'unpdf',
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
};

const config: ReturnType<typeof defineConfig> = defineConfig([
  {
    ...common,
    // nobody imports the script of a thread, so it is an entry point of its own
    entry: { ...entry, 'media-worker': 'src/sandbox/media/pool/media-worker.ts' },
    clean: true,
    async onSuccess() {
      const text = bundled.map(licenceOf).join(`\n${'-'.repeat(80)}\n\n`);
      writeFileSync('dist/third-party-licences.txt', text);
    },
  },
  { ...common, dts: { only: true } },
]);
export default config;
