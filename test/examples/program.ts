import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expectNoCrash } from '../support/crash.js';

export interface RunningProgram {
  /** The port that the program printed. */
  port: number;
  /** The lines printed so far. */
  output: string[];
  /** Sends SIGTERM, as a process manager does. @returns the exit code */
  stop(): Promise<number | null>;
}

/** Starts the server of an example from its TypeScript source on a free port. */
export async function startProgram(file: string, settings: Record<string, string>): Promise<RunningProgram> {
  const env = { PATH: process.env.PATH, PORT: '0', ...settings };
  const child = spawn(process.execPath, [file], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const output: string[] = [];
  const port = await new Promise<number>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        output.push(line);
        const [, port] = /^Listening on port (\d+)/.exec(line) ?? [];
        if (port) resolve(Number(port));
      });
    }
    void ended.then(() => reject(new Error(`${file} ended before it listened:\n${output.join('\n')}`)));
  });
  return {
    port,
    output,
    async stop() {
      child.kill();
      const code = await ended;
      expectNoCrash(output.join('\n'));
      return code;
    },
  };
}
