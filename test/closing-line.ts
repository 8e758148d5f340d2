import type { Reporter, Vitest } from 'vitest/node';
import { findFirefox, firefoxRemedy } from './support/browsers.js';
import { findRedis, redisRemedy } from './support/redis.js';

/** Ends the run with one plain line that a machine can read, and says at both ends what was not tested. */
export default class ClosingLine implements Reporter {
  readonly #gaps: string[] = [
    ...(findFirefox() ? [] : [`FIREFOX WAS NOT FOUND, so nothing is tested in it: ${firefoxRemedy}.`]),
    ...(findRedis() ? [] : [`REDIS WAS NOT FOUND, so the Express example is not tested: ${redisRemedy}.`]),
  ];

  #line = '';
  #withCoverage = false;

  onInit({ config }: Vitest): void {
    this.#withCoverage = config.coverage.enabled;
    this.#tellGaps();
  }

  onTestRunEnd(...[modules, errors]: Parameters<NonNullable<Reporter['onTestRunEnd']>>): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) counts[test.result().state] += 1;
    }
    this.#tellGaps();
    if (this.#gaps.length > 0 && process.env.CI) {
      counts.failed += this.#gaps.length;
      process.exitCode = 1;
    }
    const skipped = counts.skipped + counts.pending;
    this.#line = `${counts.passed} passed, ${counts.failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
    if (!this.#withCoverage) console.log(`\n${this.#line}`);
  }

  /** Its figures come after the end of the run. */
  onFinishedReportCoverage(): void {
    const low = process.exitCode === 1 && this.#line.includes(' 0 failed') ? ', coverage below its thresholds' : '';
    console.log(`\n${this.#line}${low}`);
  }

  #tellGaps(): void {
    for (const gap of this.#gaps) console.log(`\n${process.env.CI ? 'ERROR' : 'WARNING'}: ${gap}`);
  }
}
