import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { inPackage } from '../support/paths.js';

export interface RunningWorker {
  /** Such as `http://127.0.0.1:40123/`. */
  url: string;
  stop: () => void;
}

/**
 * Runs a bundled worker in workerd, on a free port.
 * @param script the path of the bundle. The configuration is written to the same folder
 * @param variables the `env` of the worker
 */
export async function startWorkerd(script: string, variables: Record<string, string> = {}): Promise<RunningWorker> {
  const folder = dirname(script);
  await writeFile(join(folder, 'workerd.capnp'), configuration(basename(script), variables));
  const child = spawn(inPackage('.bin/workerd', 'test/runtimes'), ['serve', 'workerd.capnp', '--control-fd=3'], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  const port = await new Promise<number>((resolve, reject) => {
    const lines = createInterface({ input: child.stdio[3] as NodeJS.ReadableStream });
    lines.on('line', (line) => resolve(JSON.parse(line).port));
    child.once('exit', (code) => reject(new Error(`workerd ended with ${code}`)));
  });
  return { url: `http://127.0.0.1:${port}/`, stop: () => void child.kill() };
}

function configuration(script: string, variables: Record<string, string>): string {
  const bindings = Object.entries(variables).map(
    ([name, value]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(value)})`,
  );
  return `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .program),
    (name = "net", network = (allow = ["local", "private", "public"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const program :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed ${JSON.stringify(script)})],
  bindings = [${bindings.join(', ')}],
  compatibilityDate = "2026-06-01",
  globalOutbound = "net",
);`;
}
