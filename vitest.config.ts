import './test/support/environment.js';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { playwright } from '@vitest/browser-playwright';
import { configDefaults, defineConfig, type TestProjectConfiguration, type ViteUserConfig } from 'vitest/config';
import { inPages } from './test/browser/project.js';
import { findBrowsers } from './test/support/browsers.js';

/** `npm test` and nothing behind it: the thresholds are for all tests together. */
const isWholeRun: boolean = process.argv.slice(2).join(' ') === 'run';

const withCoverage: boolean = Boolean(process.env.CI) && isWholeRun;

// Saves a tenth of the CPU time: many tests start programs and threads, which compile the same modules. Coverage would lose precision.
if (!withCoverage) process.env.NODE_COMPILE_CACHE ??= resolve('node_modules/.cache/compiled');

const inNode: TestProjectConfiguration = {
  extends: true,
  test: {
    name: 'node',
    execArgv: ['--import', './test/support/typescript-workers.js'],
    include: ['test/**/*.test.ts'],
    // the last ones have configurations of their own: `npm run test:docs` and so on
    exclude: [...configDefaults.exclude, 'test/{browser,docs,fuzz,journeys,runtimes,consumers}/**'],
    // many tests wait for servers, timers and processes, so two more at a time than there are processors
    maxWorkers: availableParallelism() + 2,
    sequence: { groupOrder: 1 },
  },
};

const browsers = findBrowsers();
const instances = browsers.map(({ name, launchOptions }) => ({
  browser: name,
  provider: playwright({ launchOptions }),
}));

const config: ViteUserConfig = defineConfig({
  test: {
    reporters: ['default', './test/summary-reporter.ts'],
    // for a hang, not for speed: a busy machine can be thirty times slower
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    // what the tests in Node reach. The command line runs in processes of its own, out of its sight
    coverage: {
      enabled: withCoverage,
      provider: 'custom',
      customProviderModule: './test/support/coverage.ts',
      include: ['src/**'],
      exclude: [
        'src/cli.ts',
        'src/cli/**',
        '**/*.d.ts',
        'src/sandbox/media/pool/{media-worker,remote-bytes}.ts', // run in worker threads
        'src/transport/upload/upload-form.ts', // runs in pages
      ],
      reporter: [process.env.CI ? 'text-summary' : 'text', 'json-summary'],
      reportOnFailure: true,
      thresholds: { lines: 95, functions: 93, branches: 90 }, // without the journeys
    },
    projects: browsers.length > 0 ? [inNode, inPages(instances)] : [inNode],
  },
});
export default config;
