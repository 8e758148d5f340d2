import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { headingAnchor } from './heading-anchor.ts';

// Generates the API reference as Markdown, with the options of `npm run docs`, which are in package.json.

const packages = join(import.meta.dirname, 'node_modules');
const repository = join(import.meta.dirname, '../..');

export function writeReference(folder: string): void {
  const { status } = spawnSync(
    process.execPath,
    [
      join(packages, 'typedoc/bin/typedoc'),
      ...['--plugin', join(packages, 'typedoc-plugin-markdown/dist/index.js'), '--out', folder, '--logLevel', 'Warn'],
      ...['--plugin', join(import.meta.dirname, 'name-thrown-errors.ts')],
      ...['--router', 'module', '--entryFileName', 'overview', '--hideBreadcrumbs', '--hidePageHeader'],
      ...['--useCodeBlocks', '--interfacePropertiesFormat', 'table', '--parametersFormat', 'table'],
    ],
    { cwd: repository, stdio: 'inherit' },
  );
  if (status !== 0) throw new Error('typedoc failed: its messages are above');
  // the entry point "index" is `doctape-sdk`; the index of the site's folder is the overview
  renameSync(join(folder, 'index.md'), join(folder, 'doctape-sdk.md'));
  renameSync(join(folder, 'overview.md'), join(folder, 'index.md'));
  for (const file of readdirSync(folder)) {
    const path = join(folder, file);
    const source = readFileSync(path, 'utf8');
    // a type and a constant of the same name share a heading, but typedoc counts two
    const headings = [...source.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => headingAnchor(heading));
    const isTwice = (anchor: string) => headings.filter((one) => one === anchor).length > 1;
    const text = source
      .replace(/^# .*$/m, file === 'index.md' ? '# API reference' : `# ${entryPoint(file)}`)
      .replace(/^## Modules$/m, 'Each entry point of the package has a page:')
      .replaceAll('[index](index.md)', '[doctape-sdk](doctape-sdk.md)')
      .replaceAll('](index.md#', '](doctape-sdk.md#')
      .replaceAll(/\]\(#([\w-]+)-1\)/g, (link, anchor) => (isTwice(anchor) ? link : `](#${anchor})`))
      .replaceAll(/^- \[(\w+)\]\((\w+)\.md\)/gm, '- [doctape-sdk/$1]($2.md)');
    writeFileSync(path, text);
  }
}

function entryPoint(file: string): string {
  return file === 'doctape-sdk.md' ? 'doctape-sdk' : `doctape-sdk/${file.replace('.md', '')}`;
}
