import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from 'doctape-sdk';
import { createSandbox, type Sandbox } from 'doctape-sdk/sandbox';
import { diskStore } from 'doctape-sdk/serve';
import { fill } from './fill.ts';
import { signedIn } from './signed-in.ts';

// Measures the calls of an account with 1,000, 10,000 and 100,000 files on disk and 50 tapes. Only `list()` and opening the folder may
// take longer with more files. Run it with `npm run bench:files`.

const rounds = 50;

async function clientOf(sandbox: Sandbox): Promise<ApiClient> {
  return new ApiClient({ token: await signedIn(sandbox), baseUrl: 'http://localhost/v1', fetch: sandbox.fetch });
}

/** The median duration in milliseconds. */
async function timeOf(act: () => Promise<unknown>, times: number = rounds): Promise<number> {
  const all: number[] = [];
  for (let round = 0; round < times; round++) {
    const start = performance.now();
    await act();
    all.push(performance.now() - start);
  }
  return all.toSorted((a, b) => a - b)[Math.floor(times / 2)] ?? 0;
}

async function measure(data: string, count: number): Promise<Record<string, number>> {
  const first = diskStore(data);
  await fill(first, count);
  await first.close();
  const start = performance.now();
  const store = diskStore(data);
  const opened = performance.now() - start;
  const sandbox = createSandbox({ store });
  const api = await clientOf(sandbox);
  const files = await api.files.list();
  if (files.length !== count) throw new Error(`the list has ${files.length} files`);
  let at = 0;
  const next = () => {
    at = (at + 7_919) % count;
    return files[at]?.id ?? '';
  };
  const figures = {
    'open the folder': opened,
    list: await timeOf(() => api.files.list(), 3),
    account: await timeOf(() => api.account.get()),
    get: await timeOf(() => api.files.get(next())),
    download: await timeOf(async () => (await api.files.download(next())).text()),
    upload: await timeOf(() => api.files.upload(new Blob(['x']), { name: 'x.txt' })),
    update: await timeOf(() => api.files.update(next(), { name: 'new', tags: ['#tape-1'] })),
    publish: await timeOf(() => api.files.publish(next())),
    clone: await timeOf(() => api.files.clone(next())),
    delete: await timeOf(() => api.files.delete(next())),
    'tapes.list': await timeOf(() => api.tapes.list(), 5),
    'tapes.get': await timeOf(() => api.tapes.get('tape-2')),
  };
  await store.close();
  return figures;
}

const counts = [1_000, 10_000, 100_000];
const results: Record<string, number>[] = [];
for (const count of counts) {
  const data = await mkdtemp(join(tmpdir(), 'doctape-files-'));
  try {
    results.push(await measure(data, count));
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}
console.log(`${'milliseconds (median)'.padEnd(24)}${counts.map((count) => `${count} files`.padStart(15)).join('')}`);
for (const what of Object.keys(results[0] ?? {}))
  console.log(`${what.padEnd(24)}${results.map((figures) => (figures[what] ?? 0).toFixed(1).padStart(15)).join('')}`);
