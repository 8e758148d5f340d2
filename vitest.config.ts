import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { playwright } from '@vitest/browser-playwright';
import type { Plugin } from 'vite';
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';
import { findBrowsers } from './test/support/browsers.js';

/** msw wants its worker at the root of the site; a copy of it would grow old. */
function mswWorker(): Plugin {
  const file = createRequire(import.meta.url).resolve('msw/mockServiceWorker.js');
  return {
    name: 'msw-worker',
    configureServer(server) {
      server.middlewares.use('/mockServiceWorker.js', (_request, response) => {
        response.setHeader('content-type', 'text/javascript').end(readFileSync(file));
      });
    },
  };
}

/** `npm test` and nothing behind it: the thresholds are for all tests together. */
const isWholeRun: boolean = process.argv.slice(2).join(' ') === 'run';

const config: ViteUserConfig = defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: 30_000,
    // what the tests in Node reach. The command line runs in processes of its own, out of its sight
    coverage: {
      enabled: Boolean(process.env.CI) && isWholeRun,
      provider: 'custom',
      customProviderModule: './test/support/coverage.ts',
      include: ['src/**'],
      exclude: ['src/cli.ts', 'src/cli/**', '**/*.d.ts'],
      reporter: [process.env.CI ? 'text-summary' : 'text', 'json-summary'],
      reportOnFailure: true,
      thresholds: { lines: 95, functions: 94, branches: 90 },
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          execArgv: ['--import', './test/support/typescript-workers.js'],
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'test/browser/**'],
        },
      },
      {
        extends: true,
        plugins: [mswWorker()],
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/global-setup.ts'],
          // after the others, several of which are sensitive to a busy machine
          sequence: { groupOrder: 1 },
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            instances: findBrowsers().map(({ name, launchOptions }) => ({
              browser: name,
              provider: playwright({ launchOptions }),
            })),
          },
        },
      },
    ],
  },
});
export default config;
