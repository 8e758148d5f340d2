import { spawnSync } from 'node:child_process';
import { findOnPath } from './find-programs.js';
import type { Limits } from './limits.js';

/** Returns the command that runs a program with limits: the path, followed by the arguments. */
export type Confine = (program: string, args: readonly string[], limits: Limits) => [string, ...string[]];

interface Wrapper {
  name: string;
  args: (limits: Limits) => string[];
}

/**
 * What is found on Linux, from the outermost. They are a second line: `runProgram` has a time limit of its own, and measures what a
 * program writes. Only `prlimit` limits the memory and the processor time.
 */
const wrappers: readonly Wrapper[] = [
  // if the sandbox is killed, the program is too: timeout hands the signal on to all processes of the program
  { name: 'setpriv', args: () => ['--pdeathsig', 'TERM'] },
  { name: 'timeout', args: ({ seconds }) => ['-k', '2', String(seconds + 5)] },
  { name: 'nice', args: () => ['-n', '10'] },
  {
    name: 'prlimit',
    args: ({ seconds, memoryBytes, fileBytes, openFiles }) => [
      `--as=${memoryBytes}`,
      `--cpu=${seconds}`,
      `--fsize=${fileBytes}`,
      `--nofile=${openFiles}`,
      '--core=0',
    ],
  },
];

/** Looks for the wrappers, and tries each of them: those of BusyBox and of containers lack some options. */
export function findConfinement(): Confine {
  const harmless = { seconds: 60, memoryBytes: 2 ** 32, fileBytes: 2 ** 30, openFiles: 256 };
  const found = wrappers.flatMap(({ name, args }) => {
    const path = process.platform === 'win32' ? undefined : findOnPath(name);
    const works = path !== undefined && spawnSync(path, [...args(harmless), 'true'], { timeout: 5_000 }).status === 0;
    return works ? [{ path, args }] : [];
  });
  return (program, programArgs, limits) => {
    const [first = program, ...rest] = [
      ...found.flatMap(({ path, args }) => [path, ...args(limits)]),
      program,
      ...programArgs,
    ];
    return [first, ...rest];
  };
}
