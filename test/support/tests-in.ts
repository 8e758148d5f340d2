import './environment.js';
import { availableParallelism } from 'node:os';
import { defineConfig, type ViteUserConfig } from 'vitest/config';
import { inRepository } from './paths.js';

/** The configuration of a run of the tests in a folder of `test/`, in Node. */
export function testsIn(folder: string, maxWorkers: number = availableParallelism() + 1): ViteUserConfig {
  return defineConfig({
    root: inRepository(),
    test: {
      name: folder,
      execArgv: ['--import', './test/support/typescript-workers.js'], // the sandbox starts its worker threads from the sources
      include: [`test/${folder}/**/*.test.ts`],
      reporters: ['default', inRepository('test/summary-reporter.ts')],
      testTimeout: 300_000,
      hookTimeout: 300_000,
      expect: { poll: { timeout: 60_000 } },
      maxWorkers,
    },
  });
}
