import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import { linkPackage } from '../../support/packed-package.js';

/** A program that runs, or has run, with the lines that it printed until now. */
export interface Running {
  printed: string[];
  complaints: string[];
  /** Rejects when the program failed. */
  ended: Promise<void>;
}

/** A reader's machine: a folder that is their project and their home, and the programs that they have. */
export interface Machine {
  folder: string;
  /** Starts a program, which does not outlive the test. */
  start(command: string, args: string[], env?: Record<string, string>): Running;
}

export interface MachineOptions {
  /** Where the browser signs in. */
  sandboxUrl?: string;
  /** What is installed besides `doctape-sdk`. */
  packages?: Iterable<string>;
}

/** A new machine, gone when the test is over. */
export async function machine({ sandboxUrl = '', packages = [] }: MachineOptions = {}): Promise<Machine> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-reader-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const name of ['node_modules', 'bin']) await mkdir(join(folder, name));
  await symlink(resolve('.'), join(folder, 'node_modules/doctape-sdk'), 'junction');
  for (const name of packages) await linkPackage(name, folder);
  const browser = shellScript(resolve('test/docs/reader/browser.ts'), '"$1"');
  for (const opener of ['xdg-open', 'open']) await writeFile(join(folder, 'bin', opener), browser, { mode: 0o755 });
  const npx = shellScript(resolve('dist/cli.js'), '"$@"', 'shift');
  await writeFile(join(folder, 'bin/npx'), npx, { mode: 0o755 });

  const path = [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter);
  return {
    folder,
    start(command, args, env = {}) {
      const child = spawn(command, args, {
        cwd: folder,
        env: { ...env, PATH: path, HOME: folder, SANDBOX_URL: sandboxUrl },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true, // in a group with whatever it starts
      });
      const printed: string[] = [];
      const complaints: string[] = [];
      createInterface({ input: child.stdout }).on('line', (line) => printed.push(line));
      createInterface({ input: child.stderr }).on('line', (line) => complaints.push(line));
      const ended = end(child).then((code) => {
        if (code !== 0) throw new Error(`${command} ${args.at(-1)} ended with ${code}:\n${complaints.join('\n')}`);
      });
      ended.catch(() => {}); // one that was stopped need not have anybody who waits for it
      return { printed, complaints, ended };
    },
  };
}

/** Hands over to a program of this repository. `npx` is slow, and the opener of a real browser is for people. */
function shellScript(program: string, args: string, before = ':'): string {
  return `#!/bin/sh\n${before}\nexec '${process.execPath}' '${program}' ${args}\n`;
}

async function end(child: ChildProcess): Promise<number | null> {
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', reject);
  });
  onTestFinished(async () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) process.kill(-child.pid);
    await closed;
  });
  return closed;
}
