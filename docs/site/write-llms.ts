import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sidebar } from './.vitepress/sidebar.ts';
import { pagesFolder } from './write-pages.ts';

// Writes the site's texts for language models (https://llmstxt.org): `llms.txt`, an index; `llms-full.txt`, all guides in one file;
// and each page as Markdown, beside its HTML.

export function writeLlms(outputFolder: string, base: string): void {
  const texts = new Map(
    readdirSync(pagesFolder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.md') && file !== 'index.md')
      .map((file) => [file.replaceAll('\\', '/'), relink(readFileSync(join(pagesFolder, file), 'utf8'), base)]),
  );
  for (const [file, text] of texts) {
    mkdirSync(dirname(join(outputFolder, file)), { recursive: true });
    writeFileSync(join(outputFolder, file), text);
  }
  const index = sidebar.map(({ text, items }) =>
    [`## ${text}`, items.map((item) => `- [${item.text}](${base}${fileOf(item.link)})`).join('\n')].join('\n\n'),
  );
  writeFileSync(
    join(outputFolder, 'llms.txt'),
    `${[`# doctape-sdk\n\n> ${summary(texts.get('overview.md'))}`, ...index].join('\n\n')}\n`,
  );
  const guides = sidebar
    .flatMap(({ items }) => items.map(({ link }) => fileOf(link)))
    .filter((file) => !file.startsWith('reference/'));
  const full = guides.map((file) => {
    const text = texts.get(file);
    if (text === undefined) throw new Error(`the sidebar links to ${file}, which is not a page of the site`);
    return text.trim();
  });
  writeFileSync(join(outputFolder, 'llms-full.txt'), `${full.join('\n\n---\n\n')}\n`);
}

function fileOf(link: string): string {
  return `${link.slice(1)}${link.endsWith('/') ? 'index' : ''}.md`;
}

/** Lets the links of a page lead to other pages as Markdown, and those to the home page to `llms.txt`. */
function relink(text: string, base: string): string {
  return text.replaceAll(/\]\((\/[^)#]*)/g, (_, link) => `](${base}${link === '/' ? 'llms.txt' : fileOf(link)}`);
}

/** The first paragraph of the README. */
function summary(text = ''): string {
  const [, paragraph = ''] = text.split('\n\n');
  return paragraph.replaceAll('\n', ' ');
}
