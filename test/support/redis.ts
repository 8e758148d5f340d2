import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.js';

// Finds and starts Redis.

/** The path of the installed Redis or Valkey server. */
export function findRedis(): string | undefined {
  const chosen = process.env.REDIS_SERVER_PATH;
  if (chosen && !existsSync(chosen)) throw new Error(`REDIS_SERVER_PATH is ${chosen}, which does not exist`);
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  const places = ['redis-server', 'valkey-server'].flatMap((name) => folders.map((folder) => join(folder, name)));
  return chosen || places.find((path) => existsSync(path));
}

export interface RunningRedis {
  /** Such as `redis://127.0.0.1:40123`. */
  url: string;
  stop: () => Promise<void>;
}

/** Starts an empty Redis on a free port. It stores nothing on disk. */
export async function startRedis(): Promise<RunningRedis> {
  const program = findRedis();
  if (!program) throw new Error('Redis is not installed: a test that starts it must declare it with requires()');
  const folder = await mkdtemp(join(tmpdir(), 'doctape-redis-'));
  const port = await freePort(); // with --port 0 it does not listen
  const flags = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn(program, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const output: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    void ended.then(() => reject(new Error(`${program} ended before it was ready:\n${output.join('\n')}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      output.push(line);
      if (/ready to accept connections/i.test(line)) resolve();
    });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    async stop() {
      child.kill();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
