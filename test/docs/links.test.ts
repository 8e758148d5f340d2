import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, it } from 'vitest';
import { pages } from './pages.js';

/** The anchors of the headings of a page, as on GitHub. */
function anchorsOf(page: string): string[] {
  const prose = readFileSync(page, 'utf8').replace(/^```.*?^```/gms, '');
  return (prose.match(/^#+ .*$/gm) ?? []).map(anchorOf);
}

function anchorOf(heading: string): string {
  return heading
    .replace(/^#+ /, '')
    .toLowerCase()
    .replace(/[^\p{Letter}\p{Number} _-]/gu, '')
    .replaceAll(' ', '-');
}

it('every link has a target', () => {
  const broken = pages.flatMap((page) => {
    const prose = readFileSync(page, 'utf8').replace(/^```.*?^```/gms, '');
    const links = [...prose.matchAll(/\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)/g)];
    return links.flatMap(([, path = '', anchor]) => {
      const target = path === '' ? page : normalize(join(dirname(page), decodeURIComponent(path)));
      if (!existsSync(target)) return [`${page}: there is no ${target}`];
      const known = anchor === undefined || (statSync(target).isFile() && anchorsOf(target).includes(anchor));
      return known ? [] : [`${page}: ${target} has no heading for #${anchor}`];
    });
  });
  expect(broken).toEqual([]);
});

it('every page is linked from the list of pages, or from a page in it', () => {
  const linked = new Set(['README.md', 'docs/README.md']);
  for (const page of linked) {
    if (!existsSync(page)) continue;
    for (const [, path = ''] of readFileSync(page, 'utf8').matchAll(/\]\((?!\w+:)([^)#]+)/g)) {
      const target = normalize(join(dirname(page), path));
      linked.add(target.endsWith('.md') ? target : join(target, 'README.md'));
    }
  }
  expect(pages.filter((page) => !linked.has(page))).toEqual([]);
});

it('a long page begins with links to its sections', () => {
  const missing = pages.flatMap((page) => {
    const text = readFileSync(page, 'utf8').replace(/^```.*?^```/gms, '');
    if (readFileSync(page, 'utf8').split('\n').length < 100) return [];
    const linked = [...text.matchAll(/\]\(#([^)]*)\)/g)].map(([, anchor]) => anchor);
    const sections = text.match(/^## .*$/gm) ?? [];
    return sections.filter((heading) => !linked.includes(anchorOf(heading))).map((heading) => `${page}: ${heading}`);
  });
  expect(missing).toEqual([]);
});

it('a page has at most three levels of headings', () => {
  const deep = pages.filter((page) => /^#{4,} /m.test(readFileSync(page, 'utf8').replace(/^```.*?^```/gms, '')));
  expect(deep).toEqual([]);
});
