import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { expectNoCrash } from '../../support/crash.js';
import { linkPackage } from '../../support/packed-package.js';

/** A program, and the lines that it has printed so far. */
export interface Running {
  printed: string[];
  /** The lines on stderr. */
  problems: string[];
  /** Rejects if the program fails. */
  ended: Promise<void>;
}

/** A reader's machine: a folder that is their project and their home, and their programs. */
export interface Machine {
  folder: string;
  /** Starts a program, which is stopped at the end of the test. */
  start(command: string, args: string[], env?: Record<string, string>): Running;
}

export interface MachineOptions {
  /** The sandbox that the browser signs in to. */
  sandboxUrl?: string;
  /** Packages to install, besides `doctape-sdk`. */
  packages?: Iterable<string>;
}

/** A new machine, removed at the end of the test. */
export async function machine({ sandboxUrl = '', packages = [] }: MachineOptions = {}): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-reader-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const name of ['node_modules', 'bin']) await mkdir(join(folder, name));
  await symlink(resolve('.'), join(folder, 'node_modules/doctape-sdk'), 'junction');
  for (const name of packages) await linkPackage(name, folder);
  for (const [name, text] of Object.entries(await programs())) {
    await writeFile(join(folder, 'bin', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }

  const path = [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter);
  return {
    folder,
    start(command, args, env = {}) {
      const child = spawn(command, args, {
        cwd: folder,
        env: { ...env, PATH: path, HOME: folder, SANDBOX_URL: sandboxUrl },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true, // in its own process group, with its child processes
      });
      const printed: string[] = [];
      const problems: string[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => printed.push(line));
      createInterface({ input: child.stderr }).on('line', (line) => problems.push(line));
      const ended = end(child, () => expectNoCrash(problems.join('\n'))).then((code) => {
        if (code !== 0) throw new Error(`${command} ${args.at(-1)} ended with ${code}:\n${problems.join('\n')}`);
      });
      ended.catch(() => {}); // the test may stop a program without awaiting it
      return { printed, problems, ended };
    },
  };
}

/**
 * Replacements of programs. The real npm would install and build the package again, which is slow. The real `open` would show a
 * browser.
 */
async function programs(): Promise<Record<string, string>> {
  const node = (path: string) => `exec '${process.execPath}' '${resolve(path)}' "$@"`;
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8'));
  const cases = Object.entries<string>(scripts).flatMap(([name, script]) => {
    const [, program, args] = / && node (\S+)(.*)$/.exec(script) ?? [];
    return program ? [`'run ${name}') shift 2; [ "$1" = -- ] && shift; set --${args} "$@"; ${node(program)};;`] : [];
  });
  const unknown = '*) echo "unknown command: $0 $*" >&2; exit 127;;';
  return {
    'xdg-open': node('test/docs/reader/browser.ts'),
    open: node('test/docs/reader/browser.ts'),
    npx: `case $1 in\ndoctape-sdk) shift; ${node('dist/cli.js')};;\nnode) exec "$@";;\n${unknown}\nesac`,
    npm: `case "$1 $2" in\n'ci '|'install ../doctape-sdk'*) ;;\n${cases.join('\n')}\n${unknown}\nesac`,
  };
}

async function end(child: ChildProcess, check: () => void): Promise<number | null> {
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  onTestFinished(async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid);
    await closed;
    check();
  });
  return closed;
}
