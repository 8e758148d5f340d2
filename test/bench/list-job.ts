import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createSandbox } from 'doctape-sdk/sandbox';
import { diskStore } from 'doctape-sdk/serve';
import { fill } from './fill.ts';
import { quantile } from './operations.ts';
import { sampleGrowth } from './resident.ts';
import { signedIn } from './signed-in.ts';

// Times the list of many files beside the same records read from SQLite alone. A script for a process of its own.

const [count, rounds] = process.argv.slice(2).map(Number) as [number, number];

interface Timed {
  ms: number;
  cpu: number;
  growth: number;
}

async function timed(work: () => Promise<number>): Promise<Timed> {
  const growth = sampleGrowth('self');
  const before = process.cpuUsage();
  const start = performance.now();
  const found = await work();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  if (found < count) throw new Error(`there are ${found} files, not ${count}`);
  return { ms, cpu: (user + system) / 1000, growth: growth() };
}

const data = await mkdtemp(join(tmpdir(), 'doctape-list-'));
try {
  const filled = diskStore(data);
  await fill(filled, count);
  await filled.close();

  /** The records as SQLite returns them, each parsed. */
  async function readDatabase(): Promise<number> {
    const database = new DatabaseSync(join(data, 'sandbox.sqlite'), { readOnly: true });
    const rows = database.prepare("SELECT json FROM records WHERE collection = 'files' ORDER BY position").iterate();
    let files = 0;
    for (const { json } of rows) if (JSON.parse(String(json)).id) files += 1;
    database.close();
    return files;
  }

  const times: Record<string, Timed[]> = { database: [], list: [], again: [] };
  for (let round = 0; round <= rounds; round++) {
    const run = async (name: string, work: () => Promise<number>) => {
      const result = await timed(work);
      if (round > 0) times[name]?.push(result); // the first warms up
    };
    await run('database', readDatabase);
    const store = diskStore(data);
    const sandbox = createSandbox({ store });
    const headers = { authorization: `Bearer ${await signedIn(sandbox)}` };
    await run('list', async () => {
      const response = await sandbox.fetch('http://localhost/v1/doc', { headers });
      let bytes = 0;
      for await (const chunk of response.body ?? []) bytes += chunk.byteLength;
      return response.ok && bytes > 200 * count ? count : 0;
    });
    await store.close();
    await run('again', readDatabase);
  }
  const labels = {
    database: 'SQLite, every record parsed',
    list: 'GET /v1/doc, every byte read',
    again: 'control: SQLite again',
  };
  const baseline = times.database ?? [];
  const rows = Object.entries(labels).map(([name, label]) => {
    const of = times[name] ?? [];
    const median = (value: (run: Timed, round: number) => number) => quantile(of.map(value), 0.5);
    return [
      label,
      {
        ms: median(({ ms }) => ms).toFixed(0),
        'against SQLite': median(({ ms }, round) => ms / (baseline[round]?.ms ?? ms)).toFixed(2),
        'CPU time, ms': median(({ cpu }) => cpu).toFixed(0),
        'RSS growth, MiB': median(({ growth }) => growth).toFixed(0),
      },
    ];
  });
  process.send?.(Object.fromEntries(rows));
} finally {
  await rm(data, { recursive: true, force: true });
}
process.disconnect();
