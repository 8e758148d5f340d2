import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { blocks, pages } from './pages.js';
import { codeIn, rowsUnder } from './tables.js';

// The commands and flags in the documentation exist.

interface Command {
  place: string;
  page: string;
  words: string[];
}

/** The commands in code blocks, and between backticks in sentences. */
const commands: Command[] = [
  ...blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ page, line, text }) =>
      text
        .replaceAll('\\\n', ' ')
        .split('\n')
        .flatMap((row, index) => parse(row, page, `${page}:${line + index}`)),
    ),
  ...pages.flatMap((page) =>
    readFileSync(page, 'utf8')
      .split('\n')
      .flatMap((row, index) =>
        [...row.matchAll(/`((?:npm (?:run|test|ci|install)|npx) ?[^`]*)`/g)].flatMap(([, text = '']) =>
          parse(text, page, `${page}:${index + 1}`),
        ),
      ),
  ),
];

function parse(text: string, page: string, place: string): Command[] {
  return text
    .replace(/(?:^|\s)#.*$/, '')
    .split(/&&|\|\||[|;]/)
    .map((command) => command.trim().split(/\s+/))
    .filter((words) => words.some((word) => !/^\w+=/.test(word))) // not only variables
    .map((words) => words.slice(words.findIndex((word) => !/^\w+=/.test(word))))
    .filter(([program]) => program)
    .map((words) => ({ page, place, words }));
}

const developed = new Set<string | undefined>(
  Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).devDependencies),
);

/** Allowed programs, besides npm and the command of this package. */
const commonCommands = new Set([
  'cat',
  'cd',
  'cp',
  'curl',
  'docker',
  'echo',
  'export',
  'git',
  'mkdir',
  'node',
  'apt-get',
  'redis-server',
]);

/** Tools that examples use. Their names on npm belong to these tools. */
const ofPlatforms = new Set(['create-next-app@latest', 'next', 'openapi-typescript', 'wrangler']);

/** The npm scripts of the example next to a page, and of the package. */
function scriptsAt(page: string): Record<string, string> {
  const own = join(dirname(page), 'package.json');
  const { scripts = {} } = JSON.parse(readFileSync(existsSync(own) ? own : 'package.json', 'utf8'));
  return { ...scripts, ...JSON.parse(readFileSync('package.json', 'utf8')).scripts };
}

const helps = new Map<string, string>();
function helpOf(...command: string[]): string {
  const key = command.join(' ');
  const help =
    helps.get(key) ?? execFileSync(process.execPath, ['dist/cli.js', ...command, '--help'], { encoding: 'utf8' });
  helps.set(key, help);
  return help;
}

/** The problems of a command line of this package. */
function problemsOf(words: string[]): string[] {
  const [subcommand] = words;
  if (subcommand === undefined || subcommand.startsWith('-')) return flagsMissing(helpOf(), words);
  const known = [...helpOf().matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name);
  if (!known.includes(subcommand)) return [`there is no command ${subcommand}`];
  return flagsMissing(helpOf(subcommand), words);
}

function flagsMissing(help: string, words: string[]): string[] {
  const flags = words.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.replace(/=.*/, ''));
  return flags.filter((flag) => !new RegExp(`${flag}(?![\\w-])`).test(help)).map((flag) => `there is no flag ${flag}`);
}

/** The package is not published yet, so anyone can take its name on npm. Remove this check after the first release. */
function unpublished(word: string): string[] {
  return /^doctape-sdk(?:@|$)/.test(word) ? ['npm install doctape-sdk may install a package of another author'] : [];
}

function problemsWith({ page, words }: Command): string[] {
  const [program = '', ...rest] = words;
  if (program === 'npx') {
    const [name, ...more] = rest.filter((word, index) => !(index === 0 && word === '--yes'));
    if (name === 'doctape-sdk') return problemsOf(more);
    // npx would download any other package that has this name today
    return developed.has(name) || ofPlatforms.has(name ?? '') ? [] : [`npx ${name} runs a package of another author`];
  }
  if (program === 'npm') {
    const [verb = '', name = '', ...more] = rest;
    if (verb === 'install') return rest.flatMap(unpublished);
    if (['ci', 'init', 'pkg', 'publish', 'pack', 'version'].includes(verb)) return [];
    const script = verb === 'run' ? name : verb;
    const text = scriptsAt(page)[script];
    if (text === undefined) return [`there is no script ${script}`];
    // `npm run demo -- --keep`: the flags are passed to the command at the end of the script
    const own = /\bdist\/cli\.js (.+)$/.exec(text)?.[1]?.split(' ');
    return own && more[0] === '--' ? problemsOf([...own, ...more.slice(1)]) : [];
  }
  return commonCommands.has(program) ? [] : [`${program} is not an allowed program`];
}

it('finds the commands', () => {
  expect(commands.map(({ words }) => words.join(' '))).toEqual(
    expect.arrayContaining([
      'npm ci',
      'npm run demo',
      'npm run demo -- --keep',
      'npx doctape-sdk sandbox --data ./doctape-data',
    ]),
  );
});

it('every command, script and flag exists', () => {
  const problems = commands.flatMap((command) =>
    problemsWith(command).map((problem) => `${command.place}: ${problem}`),
  );
  expect(problems).toEqual([]);
});

it('every command in the README exists', () => {
  const row = rowsUnder('Import', 'README.md').find(({ cells: [command] }) => command === '`npx doctape-sdk`');
  const commands = codeIn(row?.cells[1]);
  expect(commands.length).toBeGreaterThan(3);
  expect(commands.flatMap((command) => problemsOf([command]))).toEqual([]);
});

it('docs/sandbox.md explains every flag of the sandbox command', () => {
  const documented = [...readFileSync('docs/sandbox.md', 'utf8').matchAll(/^\| `(--[\w-]+)/gm)].map(([, flag]) => flag);
  const flags = [...helpOf('sandbox').matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
  expect(documented.sort()).toEqual(flags.filter((flag) => flag !== '--help').sort());
});
