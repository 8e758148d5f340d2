import '../support/environment.js';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { inPages } from '../browser/project.js';
import { inRepository } from '../support/paths.js';
import { hasWebKit } from '../support/webkit.js';
import { webkit } from './webkit-provider.js';

const config: ViteUserConfig = defineConfig({
  root: inRepository(),
  test: {
    reporters: ['default', inRepository('test/summary-reporter.ts')],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'runtimes',
          execArgv: ['--import', './test/support/typescript-workers.js'], // the sandbox starts its worker threads from the sources
          include: ['test/runtimes/**/*.test.ts'],
          maxWorkers: 2,
        },
      },
      ...(hasWebKit() ? [inPages([{ browser: 'webkit', provider: webkit() }])] : []),
    ],
  },
});
export default config;
