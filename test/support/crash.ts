import { expect } from 'vitest';

/**
 * Vitest fails a run when nobody handles a rejection or an `error` event in its own processes. This does it for a program that a
 * test starts: Node ends what it prints about such an error with its version.
 */
export function expectNoCrash(printed: string): void {
  if (/^Node\.js v\d/m.test(printed)) expect.fail(`the program ended by an error that nobody handled:\n${printed}`);
}
