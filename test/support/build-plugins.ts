import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'esbuild';
import { inPackage, inRepository } from './paths.ts';

/** Modules that a page can use without `ApiClient`. */
const withoutClient = ['browser', 'api/file-name', 'protocol/renditions', 'protocol/scopes', 'protocol/version'];

/** The entry points that use modules of `ApiClient`. Two are loaded on demand. */
const withClient = /\bsrc[\\/](cli|index|node|server|view|api[\\/]lazy-chunk|transport[\\/]http[\\/]http)\.ts$/;

const entryPoints =
  /\bsrc[\\/]([\w.-]+|api[\\/]lazy-chunk|transport[\\/]http[\\/]http|sandbox[\\/]openapi[\\/]document)\.ts$/;

/**
 * Puts the modules that the entry points share into two files: one without `ApiClient` and one with it. By itself, esbuild makes a
 * file for every set of entry points that share modules. `import 'doctape-sdk'` would load 15 files, which takes Node twice as
 * long, and pages would be up to 900 bytes larger.
 *
 * It adds imports to the entry points, so that each of them reaches all modules of a file. The imports are not used, and the
 * modules have no side effects, so nothing is loaded because of them. There are two files, because bundlers load what the lazy
 * chunk needs in every page that has an import of it, used or not.
 */
export const fewFiles: Plugin = {
  name: 'few-files',
  setup(build) {
    build.onLoad({ filter: entryPoints }, ({ path }) => {
      const modules = withClient.test(path) ? [...withoutClient, 'api/client'] : withoutClient;
      const paths = modules.map((name) => inRepository(`src/${name}.ts`)).filter((imported) => imported !== path);
      const imports = paths.map((imported) => `import {} from ${JSON.stringify(imported)};\n`);
      return { contents: readFileSync(path, 'utf8') + imports.join(''), loader: 'ts' };
    });
  },
};

/**
 * Gives the schemas of the API a copy of zod's core. They use a quarter of it, and the sandbox uses all of it: if they shared it,
 * `import 'doctape-sdk'` would load all of it too.
 */
export const ownZod: Plugin = {
  name: 'own-zod',
  setup(build) {
    const own = { suffix: '?own', sideEffects: false, pluginData: 'own' };
    build.onResolve({ filter: /^zod\/v4\/core$/ }, () => ({ ...own, path: inPackage('zod/v4/core/index.js') }));
    build.onResolve({ filter: /^\./ }, ({ path, resolveDir, pluginData }) =>
      pluginData === own.pluginData ? { ...own, path: resolve(resolveDir, path) } : undefined,
    );
    build.onLoad({ filter: /\bzod\b.*\.js$/ }, ({ path, pluginData }) =>
      pluginData === own.pluginData ? { contents: readFileSync(path, 'utf8'), pluginData } : undefined,
    );
  },
};

/**
 * Makes the dynamic imports of `src` static, for `doctape-sdk.min.js`. In a single file nothing is loaded on demand, and esbuild
 * would wrap every module that a dynamic import reaches in a function.
 */
export const staticImports: Plugin = {
  name: 'static-imports',
  setup(build) {
    build.onLoad({ filter: /\bsrc\b.*\.ts$/ }, ({ path }) => {
      const paths: string[] = [];
      const source = readFileSync(path, 'utf8').replace(/(?<!typeof )\bimport\(('[^']+')\)/g, (_, imported) => {
        return `Promise.resolve(chunk${paths.push(imported)})`;
      });
      const imports = paths.map((imported, index) => `import * as chunk${index + 1} from ${imported};\n`);
      return { contents: imports.join('') + source, loader: 'ts' };
    });
  },
};
