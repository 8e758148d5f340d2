import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { blocks, pages } from './pages.js';
import { codeIn, rowsUnder } from './tables.js';

// What the documentation tells people to type exists, with the flags that it names.

interface Command {
  place: string;
  page: string;
  words: string[];
}

/** The commands of the blocks, and those that stand in a sentence between backticks. */
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
    .filter((words) => words.some((word) => !/^\w+=/.test(word))) // more than settings
    .map((words) => words.slice(words.findIndex((word) => !/^\w+=/.test(word))))
    .filter(([program]) => program)
    .map((words) => ({ page, place, words }));
}

const developed = new Set<string | undefined>(
  Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).devDependencies),
);

/** What may be typed besides npm and the command of this package. */
const everyday = new Set([
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

/** The tools of platforms that examples run on, which nobody else's package can take the name of. */
const ofPlatforms = new Set(['create-next-app@latest', 'wrangler']);

/** The scripts of the example that a page is about, or of the package. */
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

/** What is wrong with a command line of this package, as a list that should be empty. */
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

/** The package is on no registry yet: whoever takes its name there would be installed. After the first release, drop this. */
function unpublished(word: string): string[] {
  return /^doctape-sdk(?:@|$)/.test(word) ? ['npm install doctape-sdk may install a package of somebody else'] : [];
}

function problemsWith({ page, words }: Command): string[] {
  const [program = '', ...rest] = words;
  if (program === 'npx') {
    const [name, ...more] = rest.filter((word, index) => !(index === 0 && word === '--yes'));
    if (name === 'doctape-sdk') return problemsOf(more);
    // anything else that a clone does not have would be whatever bears the name today
    return developed.has(name) || ofPlatforms.has(name ?? '') ? [] : [`npx ${name} runs a package of somebody else`];
  }
  if (program === 'npm') {
    const [verb = '', name = '', ...more] = rest;
    if (verb === 'install') return rest.flatMap(unpublished);
    if (['ci', 'init', 'publish', 'pack', 'version'].includes(verb)) return [];
    const script = verb === 'run' ? name : verb;
    const text = scriptsAt(page)[script];
    if (text === undefined) return [`there is no script ${script}`];
    // `npm run demo -- --keep`: the script ends with the command that the flags go to
    const own = /\bdist\/cli\.js (.+)$/.exec(text)?.[1]?.split(' ');
    return own && more[0] === '--' ? problemsOf([...own, ...more.slice(1)]) : [];
  }
  return everyday.has(program) ? [] : [`nobody knows the program ${program}`];
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

it('names only commands, scripts and flags that exist', () => {
  const problems = commands.flatMap((command) =>
    problemsWith(command).map((problem) => `${command.place}: ${problem}`),
  );
  expect(problems).toEqual([]);
});

it('names commands in the README that exist', () => {
  const row = rowsUnder('Import', 'README.md').find(({ cells: [command] }) => command === '`npx doctape-sdk`');
  const commands = codeIn(row?.cells[1]);
  expect(commands.length).toBeGreaterThan(3);
  expect(commands.flatMap((command) => problemsOf([command]))).toEqual([]);
});

it('explains every flag of the sandbox', () => {
  const explained = [...readFileSync('docs/sandbox.md', 'utf8').matchAll(/^\| `(--[\w-]+)/gm)].map(([, flag]) => flag);
  const flags = [...helpOf('sandbox').matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, flag]) => flag);
  expect(explained.sort()).toEqual(flags.filter((flag) => flag !== '--help').sort());
});
