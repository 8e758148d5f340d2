import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from './free-port.js';

// The one place that knows where Redis is and how it is started.

/** The Redis server of this machine, or Valkey, which is one too. */
export function findRedis(): string | undefined {
  const chosen = process.env.REDIS_SERVER_PATH;
  if (chosen && !existsSync(chosen)) throw new Error(`REDIS_SERVER_PATH is ${chosen}, where there is no file`);
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  const places = ['redis-server', 'valkey-server'].flatMap((name) => folders.map((folder) => join(folder, name)));
  return chosen || places.find((path) => existsSync(path));
}

export interface RunningRedis {
  /** Such as `redis://127.0.0.1:40123`. */
  url: string;
  stop: () => Promise<void>;
}

/** An empty Redis on a free port, which keeps nothing on disk. */
export async function startRedis(): Promise<RunningRedis> {
  const program = findRedis();
  if (!program) throw new Error('Redis was not found: a test that starts it has to say so with needing()');
  const folder = await mkdtemp(join(tmpdir(), 'doctape-redis-'));
  const port = await freePort(); // with --port 0 it would not listen at all
  const flags = ['--bind', '127.0.0.1', '--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder];
  const child = spawn(program, flags, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const said: string[] = [];
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    void ended.then(() => reject(new Error(`${program} ended before it was ready:\n${said.join('\n')}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line);
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
