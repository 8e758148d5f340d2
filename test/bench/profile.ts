import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ApiClient } from 'doctape-sdk';

/**
 * Prints the ten functions in which the SDK spends most of its time, with the sampling profiler of V8. A name in parentheses is work
 * of V8 or of Node.js. Run it with `npm run bench:profile -- list`, `iterate` or `call`.
 */

interface Subject {
  /** The script that serves the responses, and the path below which it does. */
  server: string;
  path: string;
  work: (api: ApiClient) => Promise<void>;
}

const subjects: Record<string, Subject> = {
  list: {
    server: 'list.ts',
    path: '/100000',
    async work(api) {
      for (let round = 0; round < 15; round++) await api.files.list();
    },
  },
  iterate: {
    server: 'list.ts',
    path: '/100000',
    async work(api) {
      for (let round = 0; round < 15; round++) for await (const _ of api.files.iterate());
    },
  },
  call: {
    server: 'request.ts',
    path: '/v1',
    async work(api) {
      let left = 20_000;
      const client = async () => {
        while (left-- > 0) await api.account.get();
      };
      await Promise.all(Array.from({ length: 50 }, client));
    },
  },
};

/** The parts of a `.cpuprofile` that are used. */
interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

function topTen({ nodes, samples, timeDeltas }: Profile): Record<string, string> {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
      const where = url === '' ? '' : `, ${basename(url).replace(/-[A-Z\d]{8}(?=\.js)/, '')}:${lineNumber + 1}`;
      return [id, `${functionName || '(anonymous)'}${where}`];
    }),
  );
  const times = new Map<string, number>();
  for (const [index, id] of samples.entries()) {
    const name = names.get(id) ?? '';
    if (name !== '(idle)') times.set(name, (times.get(name) ?? 0) + (timeDeltas[index] ?? 0));
  }
  const total = [...times.values()].reduce((sum, time) => sum + time, 0);
  const sorted = [...times].sort(([, a], [, b]) => b - a).slice(0, 10);
  return Object.fromEntries(sorted.map(([name, time]) => [name, `${((100 * time) / total).toFixed(1)} %`]));
}

async function main(name: string, { server: file, path }: Subject): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-profile-'));
  const server = fork(fileURLToPath(new URL(file, import.meta.url)), ['serve']);
  try {
    const [port] = await once(server, 'message');
    const execArgv = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=500'];
    const job = fork(fileURLToPath(import.meta.url), [name, `http://127.0.0.1:${port}${path}`], { execArgv });
    await once(job, 'exit');
    const [profile = ''] = await readdir(folder);
    console.table(topTen(JSON.parse(await readFile(join(folder, profile), 'utf8'))));
  } finally {
    server.disconnect();
    await rm(folder, { recursive: true });
  }
}

const [, , name = 'list', baseUrl] = process.argv;
const subject = subjects[name];
if (!subject) throw new Error(`there is no profile of ${name}: use ${Object.keys(subjects).join(', ')}`);
if (baseUrl === undefined) await main(name, subject);
else {
  await subject.work(new ApiClient({ token: 'bench', baseUrl }));
  process.disconnect();
}
