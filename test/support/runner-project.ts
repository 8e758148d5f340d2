import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blocksOf, testRunners } from '../docs/pages.js';
import { installPackage, linkPackage, packPackage } from './packed-package.js';

/** A project with the packed package and msw, in which the files of docs/test-runners.md run. */
export interface RunnerProject {
  folder: string;
  write: (file: string, text: string) => Promise<void>;
  /** Runs a program in the folder. @returns its exit code, and everything that it printed */
  run: (program: string, args: string[], env?: NodeJS.ProcessEnv) => Promise<{ code: number; output: string }>;
  remove: () => Promise<void>;
}

export async function runnerProject(): Promise<RunnerProject> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-runners-'));
  await installPackage((await packPackage(folder)).tarball, folder);
  for (const name of ['msw', 'vitest', '@types/node', 'undici-types']) await linkPackage(name, folder);
  return {
    folder,
    write: (file, text) => writeFile(join(folder, file), text),
    run: (program, args, added = {}) =>
      new Promise((resolve) => {
        // without the settings of this test run
        const own = Object.entries(process.env).filter(([name]) => !/^(?:NODE_|VITEST|TEST$|JEST_)/.test(name));
        const env = { ...Object.fromEntries(own), NO_COLOR: '1', ...added };
        execFile(program, args, { cwd: folder, env, timeout: 100_000 }, (error, stdout, stderr) => {
          const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
          resolve({ code, output: stdout + stderr });
        });
      }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The code below a heading of docs/test-runners.md: the configuration, if there is one, and the test file. */
export function runnerCode(heading: string): string[] {
  const places = blocksOf(testRunners).filter(
    ({ place }) => place.replace(/ \(\d+\)$/, '') === `${testRunners}: ${heading}`,
  );
  if (places.length === 0) throw new Error(`${testRunners} has no code below "${heading}"`);
  return places.map(({ text }) => text);
}
