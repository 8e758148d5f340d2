import type { Reporter, Vitest } from 'vitest/node';
import { findBrowser } from './support/browsers.js';
import { type NeedName, needs } from './support/needs.js';

/** Ends the run with one line for each thing that the machine lacks, and one plain line that a machine can read. */
export default class ClosingLine implements Reporter {
  #line = '';
  #withCoverage = false;

  onInit({ config }: Vitest): void {
    this.#withCoverage = config.coverage.enabled;
  }

  onTestRunEnd(...[modules, errors]: Parameters<NonNullable<Reporter['onTestRunEnd']>>): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    const skipped = new Map<NeedName, number>();
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        counts[test.result().state] += 1;
        for (const need of test.meta().lacking ?? []) skipped.set(need, (skipped.get(need) ?? 0) + 1);
      }
    }
    // what runs inside of a page is not even found where there is no such browser
    if (modules.some(({ project }) => project.config.browser.enabled) && !findBrowser('firefox')) {
      skipped.set('firefox', skipped.get('firefox') ?? 0);
    }
    for (const [name, count] of skipped) console.log(lineFor(name, count));
    if (skipped.size > 0 && process.env.CI) {
      counts.failed += skipped.size;
      process.exitCode = 1;
    }
    const others = counts.skipped + counts.pending;
    this.#line = `${counts.passed} passed, ${counts.failed} failed${others > 0 ? `, ${others} skipped` : ''}`;
    if (!this.#withCoverage) console.log(`\n${this.#line}`);
  }

  /** Its figures come after the end of the run. */
  onFinishedReportCoverage(): void {
    const low = process.exitCode === 1 && this.#line.includes(' 0 failed') ? ', coverage below its thresholds' : '';
    console.log(`\n${this.#line}${low}`);
  }
}

function lineFor(name: NeedName, count: number): string {
  const { name: what, remedy } = needs[name];
  const tests = count === 1 ? '1 test was' : `${count || 'some'} tests were`;
  const sentence = `${tests} skipped for lack of ${what}. ${remedy}.`;
  return `\n${process.env.CI ? 'ERROR' : 'WARNING'}: ${sentence}`;
}
