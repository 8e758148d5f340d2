import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { inRepository } from '../support/paths.js';

const config: ViteUserConfig = defineConfig({
  root: inRepository(),
  test: {
    name: 'consumers',
    execArgv: ['--import', './test/support/typescript-workers.js'], // the sandbox starts its worker threads from the sources
    include: ['test/consumers/**/*.test.ts'],
    reporters: ['default', inRepository('test/summary-reporter.ts')],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: 2,
  },
});
export default config;
