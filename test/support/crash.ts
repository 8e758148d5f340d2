import { expect } from 'vitest';

/**
 * Vitest fails a run if a rejection or an `error` event is unhandled in its own processes. This checks the output of a program
 * that a test starts: Node prints its version after an unhandled error.
 */
export function expectNoCrash(printed: string): void {
  if (/^Node\.js v\d/m.test(printed)) expect.fail(`the program ended with an unhandled error:\n${printed}`);
}
