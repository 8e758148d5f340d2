import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { pages } from './pages.js';

it('the README has fewer than 200 lines', () => {
  expect(readFileSync('README.md', 'utf8').split('\n').length).toBeLessThan(200);
});

it('the links of the main pages have targets', () => {
  for (const page of ['README.md', 'docs/sandbox.md', 'docs/testing.md', 'docs/operations.md', 'docs/performance.md']) {
    const folder = page.includes('/') ? 'docs/' : '';
    for (const [, target = ''] of readFileSync(page, 'utf8').matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      expect(readFileSync(folder + target, 'utf8').length, `${page} links to ${target}`).toBeGreaterThan(0);
    }
  }
});

it('the pages install the packed file of this version', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const named = pages.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(/doctape-sdk-(\d[\w.-]*)\.tgz/g)].map(([, found]) => `${page}: ${found}`),
  );
  expect(named.length).toBeGreaterThan(2);
  expect(named.filter((each) => !each.endsWith(`: ${version}`))).toEqual([]);
});
