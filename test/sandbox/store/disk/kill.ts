import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApiClient, type FileInfo } from 'doctape-sdk';
import { makeZip } from '../../../fixtures/make-zip.ts';
import { blobsOnDisk } from '../../../support/data-folder.ts';

// Kills a sandbox with SIGKILL during mixed operations, repeatedly with the same data folder. After each restart, compares its data
// with the operations that it had acknowledged. `npm run bench:kill` does this 100 times, kill.test.ts a few times.

export const kinds = ['upload', 'uploadAll', 'extract', 'clone', 'delete', 'publish', 'update'] as const;
export type Kind = (typeof kinds)[number];

/** The operations between two starts, and the problems found after the second one. */
export interface KillRun {
  /** Milliseconds from the start of the operations to the kill. */
  after: number;
  /** The number of acknowledged operations. */
  acknowledged: Kind[];
  /** The number of operations in progress when the sandbox was killed. */
  pending: Kind[];
  /** How many of those were stored after the restart. */
  completed: number;
  files: number;
  problems: string[];
}

/** The expected state of a file. */
interface Known {
  content: string;
  tags: string;
  published: boolean;
}

interface Operation {
  kind: Kind;
  /** The contents, by name, of the files that it adds. */
  adds: ReadonlyMap<string, string>;
  /** The file that it changes, and its expected state afterwards. */
  changes?: { id: string; to: Known | undefined };
  run(): Promise<unknown>;
}

interface Running {
  child: ChildProcess;
  url: string;
  clientId: string;
  errors: string[];
}

const command = fileURLToPath(new URL('../../../../dist/cli.js', import.meta.url));

async function start(data: string): Promise<Running> {
  const flags = ['sandbox', '--data', data, '--port', '0', '--json', '--auto-approve', 'alice'];
  const child = spawn(process.execPath, [command, ...flags]);
  const errors: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the sandbox did not start: ${errors.join(' ')}`);
  });
  ended.catch(() => {}); // the process is killed later, which is expected
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
  const { url, apps } = JSON.parse(line);
  return { child, url, clientId: apps.find(({ type }: { type: string }) => type === 'client').clientId, errors };
}

async function signIn({ url, clientId }: Running): Promise<string> {
  const query = new URLSearchParams({
    response_type: 'token',
    client_id: clientId,
    redirect_uri: 'http://localhost/',
    scope: 'account.read file.create file.read file.update file.delete tape.read tape.update',
  });
  const response = await fetch(`${url}/oauth2?${query}`, { redirect: 'manual' });
  const token = new URLSearchParams(new URL(response.headers.get('location') ?? '').hash.slice(1)).get('access_token');
  if (!token) throw new Error('the sandbox gave no token');
  return token;
}

const nameOf = ({ name, extension }: FileInfo) => `${name}.${extension}`;
const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)];

/** Limits the size of the folder. */
const shrinking: readonly Kind[] = ['delete', 'delete', 'delete', 'delete', 'clone', 'publish', 'update'];

let made = 0;
/** From a few bytes to more than a writer buffers. */
function makeContent(): string {
  made += 1;
  return `content ${made} `.repeat(Math.random() < 0.2 ? 12_000 : 20);
}

function makeFiles(kind: Kind, count: number): Map<string, string> {
  return new Map(Array.from({ length: count }, (_, index) => [`${kind}-${++made}-${index}.txt`, makeContent()]));
}

/** Creates an operation on a file that no other operation is using. Removes that file from `free`. */
function makeOperation(
  kind: Kind,
  api: ApiClient,
  known: ReadonlyMap<string, Known>,
  free: Set<string>,
): Operation | undefined {
  if (kind === 'upload' || kind === 'uploadAll') {
    const adds = makeFiles(kind, kind === 'upload' ? 1 : 5);
    const sources = [...adds].map(([name, content]) => new File([content], name));
    return { kind, adds, run: () => api.files.uploadAll(sources, { tags: ['#both'] }) };
  }
  if (kind === 'extract') {
    const adds = makeFiles(kind, 30);
    const zip = makeZip([...adds].map(([name, content]) => ({ name, content: Buffer.from(content) })));
    return {
      kind,
      adds,
      async run() {
        const { id } = await api.files.upload(new File([new Uint8Array(zip)], 'archive.zip'));
        await api.files.extract(id);
        await api.files.delete(id);
      },
    };
  }
  const id = pick([...free].filter((candidate) => known.has(candidate)));
  const file = id === undefined ? undefined : known.get(id);
  if (id === undefined || !file) return undefined;
  free.delete(id);
  if (kind === 'clone') return { kind, adds: new Map(), run: () => api.files.clone(id), changes: { id, to: file } };
  if (kind === 'delete')
    return { kind, adds: new Map(), run: () => api.files.delete(id), changes: { id, to: undefined } };
  if (kind === 'publish') {
    const published = !file.published;
    const run = () => (published ? api.files.publish(id) : api.files.unpublish(id));
    return { kind, adds: new Map(), run, changes: { id, to: { ...file, published } } };
  }
  const tags = file.tags === '#both' ? '#one' : '#both';
  return {
    kind,
    adds: new Map(),
    run: () => api.files.update(id, { tags: [tags] }),
    changes: { id, to: { ...file, tags } },
  };
}

/** All files of a sandbox, by id. */
async function stateOf(api: ApiClient, problems: string[]): Promise<{ files: FileInfo[]; known: Map<string, Known> }> {
  const files = await api.files.list();
  const known = new Map<string, Known>();
  for (const file of files) {
    const content = await (await api.files.download(file.id)).text();
    if (content.length !== file.size && file.extension !== 'zip') problems.push(`${nameOf(file)} has the wrong size`);
    known.set(file.id, { content, tags: file.tags.join(), published: file.public_url !== null });
    if (file.public_url === null) continue;
    const response = await fetch(`${file.public_url}/original`);
    if ((await response.text()) !== content) problems.push(`the public URL of ${nameOf(file)} does not work`);
  }
  return { files, known };
}

/** Runs a sandbox over `data`, kills it, starts it again, and so on. Yields the result of each restart. */
export async function* killRuns(data: string, count: number): AsyncGenerator<KillRun, void, undefined> {
  let running = await start(data);
  const token = await signIn(running);
  let known = new Map<string, Known>();
  try {
    for (let run = 0; run < count; run++) {
      const api = new ApiClient({ token, baseUrl: `${running.url}/v1`, retry: false });
      const free = new Set(known.keys());
      const acknowledged: Operation[] = [];
      const pending = new Set<Operation>();
      let killed = false;

      const work = async () => {
        while (!killed) {
          const kind = pick(known.size > 150 && run % 2 === 1 ? shrinking : kinds) ?? 'upload';
          const operation = makeOperation(kind, api, known, free);
          if (!operation) {
            await delay(1); // every file is in use: let the timer of the kill run
            continue;
          }
          pending.add(operation);
          try {
            await operation.run();
          } catch (error) {
            if (killed) return;
            throw error;
          }
          pending.delete(operation);
          acknowledged.push(operation);
        }
      };
      const started = performance.now();
      const workers = Promise.all(Array.from({ length: 6 }, work));
      await Promise.race([delay(20 + Math.random() * 1_500), workers]);
      killed = true;
      running.child.kill('SIGKILL');
      const after = Math.round(performance.now() - started);
      await Promise.all([once(running.child, 'exit'), workers]);

      running = await start(data);
      const problems = [...running.errors];
      const restarted = new ApiClient({ token, baseUrl: `${running.url}/v1`, retry: false });
      const state = await stateOf(restarted, problems);
      const completed = compare(known, acknowledged, [...pending], state, problems);
      await checkTotals(restarted, data, state.files, problems);
      known = state.known;
      yield {
        after,
        acknowledged: acknowledged.map(({ kind }) => kind),
        pending: [...pending].map(({ kind }) => kind),
        completed,
        files: known.size,
        problems,
      };
    }
  } finally {
    running.child.kill('SIGKILL');
  }
}

/** Returns how many of the operations in progress were completed. */
function compare(
  before: ReadonlyMap<string, Known>,
  acknowledged: readonly Operation[],
  pending: readonly Operation[],
  { files, known }: { files: FileInfo[]; known: ReadonlyMap<string, Known> },
  problems: string[],
): number {
  const same = (a: Known | undefined, b: Known | undefined) => JSON.stringify(a) === JSON.stringify(b);
  const byName = new Map(files.map((file) => [nameOf(file), known.get(file.id)]));
  const expected = new Map<string, Known | undefined>(before);
  for (const { kind, adds, changes } of acknowledged) {
    if (changes) expected.set(changes.id, changes.to);
    for (const [name, content] of adds)
      if (byName.get(name)?.content !== content) problems.push(`an acknowledged ${kind} has lost ${name}`);
  }
  let completed = 0;
  for (const { kind, adds, changes } of pending) {
    const found = [...adds].filter(([name]) => byName.has(name));
    if (found.length !== 0 && found.length !== adds.size)
      problems.push(`an ${kind} is half there: ${found.length} of ${adds.size} files`);
    for (const [name, content] of found)
      if (byName.get(name)?.content !== content) problems.push(`${name} of an ${kind} has other bytes`);
    const isChanged = changes !== undefined && kind !== 'clone' && same(known.get(changes.id), changes.to);
    if (changes && isChanged) expected.set(changes.id, changes.to);
    if (isChanged || (adds.size > 0 && found.length === adds.size)) completed += 1;
  }
  for (const [id, file] of expected) {
    if (!same(known.get(id), file))
      problems.push(`${id} should be ${describe(file)}, but is ${describe(known.get(id))}`);
  }
  // a clone has the name and the content of its original
  const clones = [...acknowledged, ...pending].filter(({ kind }) => kind === 'clone').length;
  const allNames = [...acknowledged, ...pending].flatMap(({ adds }) => [...adds.keys()]);
  const added = files.filter(({ id }) => !before.has(id));
  const others = added.filter((file) => !allNames.includes(nameOf(file)) && file.extension !== 'zip');
  if (others.length > clones) problems.push(`${others.length} files came from ${clones} clones`);
  const contents = new Set([...before.values()].map(({ content }) => content));
  for (const file of others)
    if (!contents.has(known.get(file.id)?.content ?? '')) problems.push(`${nameOf(file)} is a broken clone`);
  return completed;
}

function describe(file: Known | undefined): string {
  return file ? `${file.content.length} bytes, ${file.tags}, ${file.published ? 'public' : 'private'}` : 'deleted';
}

async function checkTotals(api: ApiClient, data: string, files: FileInfo[], problems: string[]): Promise<void> {
  const { quota_used } = await api.account.get();
  const total = files.reduce((sum, { size }) => sum + size, 0);
  if (quota_used !== total) problems.push(`the account uses ${quota_used} bytes, its files ${total}`);
  const ids = files.map(({ id }) => id).sort();
  const blobs = await blobsOnDisk(data);
  if (blobs.join() !== ids.join()) problems.push(`${blobs.length} blobs are on disk for ${ids.length} files`);
  if (existsSync(join(data, 'set-aside'))) problems.push('something was set aside');
  for (const { name, files: onTape } of await api.tapes.list()) {
    const tagged = files.filter(({ tags }) => tags.includes(`#${name}`)).map(({ id }) => id);
    if (onTape.toSorted().join() !== tagged.toSorted().join())
      problems.push(`the tape ${name} has other files than its tag`);
  }
}
