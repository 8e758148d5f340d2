import type { Reporter } from 'vitest/node';
import { findFirefox, firefoxRemedy } from './support/browsers.js';

/** Ends the run with one plain line that a machine can read, and says at both ends what was not tested. */
export default class ClosingLine implements Reporter {
  readonly #gap: string | undefined = findFirefox()
    ? undefined
    : `FIREFOX WAS NOT FOUND, so nothing is tested in it: ${firefoxRemedy}.`;

  onInit(): void {
    this.#tellGap();
  }

  onTestRunEnd(...[modules, errors]: Parameters<NonNullable<Reporter['onTestRunEnd']>>): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
    }
    this.#tellGap();
    if (this.#gap && process.env.CI) {
      counts.failed += 1;
      process.exitCode = 1;
    }
    const skipped = counts.skipped + counts.pending;
    console.log(`\n${counts.passed} passed, ${counts.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  }

  #tellGap(): void {
    if (this.#gap) console.log(`\n${process.env.CI ? 'ERROR' : 'WARNING'}: ${this.#gap}`);
  }
}
