import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sidebar } from '../../docs/site/.vitepress/sidebar.js';
import { basePath } from '../../docs/site/base-path.js';
import { explain } from '../../docs/site/playground/page/explain.js';
import * as sdk from '../../src/index.js';

it('the sidebar of the site has every page of docs/, and every example', () => {
  const guides = readdirSync('docs').filter((file) => file.endsWith('.md') && file !== 'README.md');
  const links = [
    ...guides.map((file) => `/${file.replace('.md', '')}`),
    ...readdirSync('docs/examples').map((name) => `/examples/${name}`),
  ];
  const listed = sidebar.flatMap(({ items }) => items.map(({ link }) => link));
  expect(links.filter((link) => !listed.includes(link))).toEqual([]);
});

it('the playground explains every error class of the SDK that a page can get', () => {
  const names = Object.keys(sdk).filter((name) => name.endsWith('Error'));
  expect(names).toContain('ApiError');
  expect(names.filter((name) => explain(name) === undefined)).toEqual(['DoctapeError', 'FileSystemError']);
});

it('BASE has to be a path that starts and ends with a slash', () => {
  expect(basePath()).toBe('/');
  expect(basePath('/some/path/')).toBe('/some/path/');
  for (const wrong of [
    'docs',
    '/docs',
    'docs/',
    'https://docs.example/',
    '//docs.example/',
    '/../',
    '/a/./b/',
    '/a/../b/',
  ])
    expect(() => basePath(wrong)).toThrow(`BASE is "${wrong}": pass a path that starts and ends with a slash`);
});
