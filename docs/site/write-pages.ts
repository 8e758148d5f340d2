import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname, join, posix } from 'node:path';
import { headingAnchor } from './heading-anchor.ts';

// Writes the pages of the site into docs/site/pages: the guides of docs/, the README and the examples, with links that work there.
// The repository has one copy of each text, and its links work on GitHub.

const repository = join(import.meta.dirname, '../..');
export const pagesFolder: string = join(import.meta.dirname, 'pages');

/** The files of an example that its page shows, and the language of their code. */
const languages: Record<string, string> = {
  '.ts': 'ts',
  '.js': 'js',
  '.css': 'css',
  '.html': 'html',
  '.jsonc': 'json',
};

/** Deletes the pages of an earlier build, and writes all but the reference. */
export function writePages(): void {
  rmSync(pagesFolder, { recursive: true, force: true });
  const guides = readdirSync(join(repository, 'docs')).filter((file) => file.endsWith('.md') && file !== 'README.md');
  const examples = readdirSync(join(repository, 'docs/examples'));
  const texts = new Map<string, string>([
    ['overview.md', read('README.md').replace(/^# .*$/m, '# Overview')],
    ...guides.map((guide): [string, string] => [guide, read(`docs/${guide}`)]),
    ...examples.map((name): [string, string] => [`examples/${name}.md`, exampleText(name)]),
  ]);
  for (const [path, text] of texts) write(path, text);
  for (const file of ['index.md', 'playground/index.md'])
    write(file, fillIn(readFileSync(join(import.meta.dirname, file), 'utf8')));

  function read(source: string): string {
    return relink(readFileSync(join(repository, source), 'utf8'), source);
  }

  function exampleText(name: string): string {
    const folder = `docs/examples/${name}`;
    return [
      read(`${folder}/README.md`),
      '## Source',
      ...sourceFiles(folder).map((file) => sourceOf(folder, file)),
    ].join('\n\n');
  }
}

function write(path: string, text: string): void {
  const file = join(pagesFolder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function sourceFiles(folder: string): string[] {
  return readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => languages[extname(file)] && !/(?:^|\/)(?:node_modules|dist|\.\w+)\//.test(file))
    .sort();
}

function sourceOf(folder: string, file: string): string {
  const code = readFileSync(join(repository, folder, file), 'utf8').trimEnd();
  return `### \`${file}\`\n\n~~~~${languages[extname(file)]}\n${code}\n~~~~`;
}

/** Replaces `<!-- code PATH: ANCHOR -->` by the first block of code below that heading of a page of the repository. */
function fillIn(text: string): string {
  return text.replaceAll(/^<!-- code (\S+): (\S+) -->$/gm, (_, path: string, anchor: string) => {
    const sections = readFileSync(join(repository, path), 'utf8').split(/^(?=#+ )/m);
    const section = sections.find((one) => headingAnchor(/^#+ (.*)/.exec(one)?.[1] ?? '') === anchor);
    const [code] = section?.match(/^```.*?^```$/ms) ?? [];
    if (!code) throw new Error(`${path} has no code below #${anchor}: correct the comment in a page of docs/site`);
    return code;
  });
}

/** Rewrites the links of a page of the repository for the site. Leaves its code as it is. */
function relink(text: string, source: string): string {
  return text
    .split(/(^```.*?^```$)/gms)
    .map((part) =>
      part.startsWith('```')
        ? part
        : part.replaceAll(/\]\((?!\w+:|#)([^)#]+)(#[^)]*)?\)/g, (_, path: string, anchor = '') => {
            const target = posix.join(posix.dirname(source), decodeURIComponent(path));
            return `](${linkTo(target.replace(/\/$/, ''), anchor, source)})`;
          }),
    )
    .join('');
}

/** The link of the site to a file or folder of the repository. @throws if the site does not have it */
function linkTo(target: string, anchor: string, source: string): string {
  if (target === 'README.md') return `/overview${anchor}`;
  if (target === 'docs' || target === 'docs/README.md') return `/${anchor}`;
  const [, example, file] = /^docs\/examples\/([^/]+)\/?(.*)$/.exec(target) ?? [];
  const place = join(repository, target);
  if (existsSync(place)) {
    if (example && (file === '' || file === 'README.md')) return `/examples/${example}${anchor}`;
    if (example && file && statSync(place).isFile() && languages[extname(file)])
      return `/examples/${example}#${headingAnchor(file)}`;
    const [, guide] = /^docs\/([\w-]+)\.md$/.exec(target) ?? [];
    if (guide) return `/${guide}${anchor}`;
  }
  throw new Error(
    `${source} links to ${target}, which is not on the site: link to a page of docs/ or to a file of an example`,
  );
}
