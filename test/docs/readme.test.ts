import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('the README has at most 150 lines', () => {
  expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThanOrEqual(150);
});

it('the links of the main pages have targets', () => {
  for (const page of ['README.md', 'docs/sandbox.md', 'docs/testing.md', 'docs/operations.md', 'docs/performance.md']) {
    const folder = page.includes('/') ? 'docs/' : '';
    for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      expect(readFileSync(folder + target, 'utf8').length, `${page} links to ${target}`).toBeGreaterThan(0);
    }
  }
});
