import { parseArgs } from 'node:util';
import { bareOperations, mebibytes, type Operations, quantile, sandboxOperations } from './operations.ts';
import { measureOtherLoad } from './other-load.ts';
import { type ServerProcess, startServer } from './servers.ts';

/**
 * Runs fifty clients with mixed operations for a minute, against a sandbox on disk and against a bare Hono server that writes the same
 * bytes. Measures requests per second, response times, CPU time, memory, and how busy the machine was with other programs. Run it with
 * `npm run bench:load`, or for a shorter time with `npm run bench:load -- --seconds 5 --clients 10`. Linux only.
 */

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '60' }, clients: { type: 'string', default: '50' } },
});
const seconds = Number(values.seconds);
const clients = Number(values.clients);

const content = new Uint8Array(16 * 1024).fill(7);

/** Uploads, uses and deletes files, so that the account does not grow. */
async function client(operations: Operations, until: number, times: number[]): Promise<void> {
  const timed = async <T>(work: () => Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    times.push(performance.now() - start);
    return result;
  };
  while (performance.now() < until) {
    const id = await timed(() => operations.upload(content, 'file.bin', 'application/octet-stream'));
    for (const use of [operations.describe, operations.download, operations.update, operations.download]) {
      await timed(() => use(id));
      await timed(operations.account);
    }
    await timed(operations.list);
    await timed(() => operations.remove(id));
  }
}

async function measure(server: ServerProcess, operations: Operations) {
  const warmUp: number[] = [];
  await Promise.all(Array.from({ length: clients }, () => client(operations, performance.now() + 1_000, warmUp)));
  const before = await server.usage(true);
  const times: number[] = [];
  const load = measureOtherLoad();
  const start = performance.now();
  await Promise.all(Array.from({ length: clients }, () => client(operations, start + seconds * 1_000, times)));
  const elapsed = (performance.now() - start) / 1_000;
  const loaded = await server.usage();
  const { share, isNoisy } = load();
  const after = await server.usage(true);
  return {
    requests: times.length,
    'per second': Math.round(times.length / elapsed),
    'p50, ms': quantile(times, 0.5).toFixed(1),
    'p99, ms': quantile(times, 0.99).toFixed(1),
    'CPU time per request, ms': ((loaded.cpu - before.cpu) / times.length).toFixed(2),
    'RSS before, MiB': mebibytes(before.rss),
    'RSS after, MiB': mebibytes(after.rss),
    'heap before, MiB': mebibytes(before.heap),
    'heap after, MiB': mebibytes(after.heap),
    'other programs, % of a CPU': `${(100 * share).toFixed(0)}${isNoisy ? ' NOISY' : ''}`,
  };
}

const table: Record<string, unknown> = {};
for (const kind of ['bare', 'sandbox'] as const) {
  const server = await startServer(kind);
  try {
    table[kind] = await measure(server, kind === 'bare' ? bareOperations(server) : sandboxOperations(server));
  } finally {
    await server.stop();
  }
}
console.log(`${clients} clients for ${seconds} s:`);
console.table(table);
