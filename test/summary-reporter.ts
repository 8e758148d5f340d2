import type { Reporter, Vitest } from 'vitest/node';
import { findBrowser } from './support/browsers.js';
import { type RequirementName, requirements } from './support/requirements.js';

/** Ends the run with a line for each missing requirement, and a machine-readable line with the number of tests. */
export default class SummaryReporter implements Reporter {
  #line = '';
  #withCoverage = false;

  onInit({ config }: Vitest): void {
    this.#withCoverage = config.coverage.enabled;
  }

  onTestRunEnd(...[modules, errors]: Parameters<NonNullable<Reporter['onTestRunEnd']>>): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    const skipped = new Map<RequirementName, number>();
    for (const module of modules) {
      counts.failed += module.errors().length;
      for (const test of module.children.allTests()) {
        counts[test.result().state] += 1;
        for (const requirement of test.meta().missing ?? [])
          skipped.set(requirement, (skipped.get(requirement) ?? 0) + 1);
      }
    }
    // Vitest does not collect the tests of a browser project whose browser is missing
    if (modules.some(({ project }) => project.config.browser.enabled) && !findBrowser('firefox')) {
      skipped.set('firefox', skipped.get('firefox') ?? 0);
    }
    for (const [name, count] of skipped) console.log(lineFor(name, count));
    const failures = [...skipped.keys()].filter(isFailure).length;
    if (failures > 0) {
      counts.failed += failures;
      process.exitCode = 1;
    }
    const others = counts.skipped + counts.pending;
    this.#line = `${counts.passed} passed, ${counts.failed} failed${others > 0 ? `, ${others} skipped` : ''}`;
    if (!this.#withCoverage) console.log(`\n${this.#line}`);
  }

  /** The coverage is printed after the end of the run, so the line follows it. */
  onFinishedReportCoverage(): void {
    const low = process.exitCode === 1 && this.#line.includes(' 0 failed') ? ', coverage below its thresholds' : '';
    console.log(`\n${this.#line}${low}`);
  }
}

function isFailure(name: RequirementName): boolean {
  return Boolean(process.env.CI) && !requirements[name].isOptional;
}

function lineFor(name: RequirementName, count: number): string {
  const { name: what, remedy } = requirements[name];
  const tests = count === 1 ? '1 test was' : `${count || 'some'} tests were`;
  const sentence = `${tests} skipped for lack of ${what}. ${remedy}.`;
  return `\n${isFailure(name) ? 'ERROR' : 'WARNING'}: ${sentence}`;
}
