import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { expectNoCrash } from '../support/crash.js';

export interface RunningProgram {
  /** The port that the program said it listens on. */
  port: number;
  /** All it printed until now. */
  output: string[];
  /** Ends it as a process manager would. @returns its exit code */
  stop(): Promise<number | null>;
}

/** Starts the server of an example, from its TypeScript, with these settings and a free port. */
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
