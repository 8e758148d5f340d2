import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ApiClient } from 'doctape-sdk';
import { type Change, createSandbox, type FileRecord, type Sandbox, type Store } from 'doctape-sdk/sandbox';
import { diskStore } from 'doctape-sdk/serve';

// Measures the calls of an account with 1,000, 10,000 and 100,000 files on disk and 50 tapes. Only `list()` and opening the folder may
// take longer with more files. Run it with `npm run bench:files`.

const rounds = 50;
const origin = 'http://localhost';

async function clientOf(sandbox: Sandbox): Promise<ApiClient> {
  const app = sandbox.apps.find(({ type }) => type === 'client');
  const query = new URLSearchParams({
    response_type: 'token',
    client_id: app?.clientId ?? '',
    redirect_uri: 'http://localhost/',
    scope: 'account.read file.create file.read file.update file.delete tape.read tape.update',
  });
  const location = await sandbox.authorize(`${origin}/oauth2?${query}`, { username: 'alice' });
  const token = new URLSearchParams(location.hash.slice(1)).get('access_token') ?? '';
  return new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch });
}

/** Adds files like uploads do, but 1,000 in each commit. */
async function fill(store: Store, count: number): Promise<void> {
  let bytes = 0;
  for (let start = 0; start < count; start += 1_000) {
    const changes: Change[] = [];
    for (let index = start; index < start + 1_000; index++) {
      const id = crypto.randomUUID();
      const content = new TextEncoder().encode(`content of file ${index}`);
      const writer = await store.writeBlob(id);
      await writer.write(content);
      await writer.finish();
      bytes += content.byteLength;
      // one file in ten is on a tape
      const tape = index % 10 === 0 ? `tape-${(index / 10) % 50}` : undefined;
      const record: FileRecord = {
        id,
        owner: 'alice',
        name: `file ${index}`,
        extension: 'txt',
        type: 'text/plain',
        size: content.byteLength,
        time_added: 1_400_000_000 + index,
        media_type: 'document',
        tags: tape === undefined ? ['a'] : ['a', `#${tape}`],
        origin: 'webupload',
        starred: false,
        public_code: null,
        processing_status: 'ok',
        meta: {},
      };
      changes.push({ put: 'files', key: `alice/${id}`, record }, { keep: id });
      if (tape === undefined) continue;
      changes.push({ put: 'taped', key: `alice/${tape}/${id}`, record: { owner: 'alice', id } });
      if (index < 500)
        changes.push({
          put: 'tapes',
          key: `alice/${tape}`,
          record: { id: tape, owner: 'alice', name: tape, live: true, shared_with: [] },
        });
    }
    await store.commit([...changes, { put: 'usage', key: 'alice', record: { bytes } }]);
  }
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
