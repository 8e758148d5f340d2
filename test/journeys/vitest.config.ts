import { availableParallelism } from 'node:os';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { inRepository } from '../support/paths.js';

const config: ViteUserConfig = defineConfig({
  root: inRepository(),
  test: {
    name: 'journeys',
    execArgv: ['--import', './test/support/typescript-workers.js'], // the sandbox starts its worker threads from the sources
    include: ['test/journeys/**/*.test.ts'],
    reporters: ['default', inRepository('test/summary-reporter.ts')],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    maxWorkers: availableParallelism() + 1, // browsers wait most of the time
  },
});
export default config;
