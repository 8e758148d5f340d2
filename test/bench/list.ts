import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ApiClient } from 'doctape-sdk';
import { compare, type Measured, timed } from './measure.ts';

/**
 * Measures lists of 100,000 files and of fewer: `list()`, `iterate()` and `response.json()` in turns. Then the time to the first
 * file and the memory of `iterate()`, each in a process of its own. The server is a process of its own, too.
 * Run it with `npm run bench:list`, or for one of the two parts with `npm run bench:list -- repeated` or `npm run bench:list -- new`.
 *
 * `npm run bench:list -- floor` measures instead what each step of a hand-written loop takes, without any checks.
 */

const count = 100_000;

function listBody(count: number): Buffer {
  const files = Array.from({ length: count }, (_, index) => {
    const id = `2224c539-e5d6-425a-8e0d-${String(index).padStart(12, '0')}`;
    const file = {
      id,
      public_url: null,
      name: `photo ${index}`,
      extension: 'jpg',
      size: 730_782 + index,
      time_added: 1_358_457_759 + index,
      media_type: 'image',
      tags: ['holiday', '#party'],
      origin: 'webupload',
      starred: false,
      shared: 0,
      processing_status: 'ok',
      meta: {},
    };
    return `${JSON.stringify(id)}:${JSON.stringify(file)}`;
  });
  return Buffer.from(`{"error":null,"result":{${files.join(',')}}}`);
}

/** Serves a list with as many files as the path says. */
function serve(): void {
  const bodies = new Map<string, Buffer>();
  const server = createServer(({ url = '' }, response) => {
    const files = Number(url.split('/')[1]);
    const body = bodies.get(url) ?? listBody(files);
    bodies.set(url, body);
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.byteLength }).end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
}

const apiAt = (url: string, files: number) => new ApiClient({ token: 'bench', baseUrl: `${url}/${files}` });

async function iterate(api: ApiClient): Promise<void> {
  for await (const _ of api.files.iterate());
}

const readers: Record<string, (url: string) => Promise<unknown>> = {
  'response.json()': async (url) => (await fetch(`${url}/${count}/doc`)).json(),
  'files.list()': (url) => apiAt(url, count).files.list(),
  'files.iterate()': (url) => iterate(apiAt(url, count)),
};

/** Passes on complete members without their keys, as JSON. It knows how this list is written, and leaves out the last file. */
function splitByHand(onBatch: (json: string) => void): (text: string) => void {
  let rest = '';
  return (text) => {
    rest += text;
    const end = rest.lastIndexOf('},"') + 2;
    let json = '';
    for (let at = rest.startsWith('{') ? rest.indexOf(':{') + 2 : 0; at < end; ) {
      const brace = rest.indexOf('{', at);
      at = rest.indexOf('},"', brace) + 2;
      json += rest.slice(brace, at);
    }
    rest = rest.slice(end);
    onBatch(`[${json}null]`);
  };
}

/** Each step does what the one before it does, and more. */
const steps: Record<string, () => (chunk: Uint8Array) => void> = {
  'read the bytes': () => () => {},
  decode() {
    const decoder = new TextDecoder();
    return (chunk) => decoder.decode(chunk, { stream: true });
  },
  split() {
    const decoder = new TextDecoder();
    const split = splitByHand(() => {});
    return (chunk) => split(decoder.decode(chunk, { stream: true }));
  },
  'JSON.parse'() {
    const decoder = new TextDecoder();
    const split = splitByHand((json) => JSON.parse(json));
    return (chunk) => split(decoder.decode(chunk, { stream: true }));
  },
  'keep the files'() {
    const decoder = new TextDecoder();
    const batches: unknown[] = [];
    const split = splitByHand((json) => batches.push(JSON.parse(json)));
    return (chunk) => split(decoder.decode(chunk, { stream: true }));
  },
};

async function takeSteps(url: string, step: () => (chunk: Uint8Array) => void): Promise<void> {
  const onChunk = step();
  const { body } = await fetch(`${url}/${count}/doc`);
  for await (const chunk of body ?? []) onChunk(chunk);
}

/** The first list of a new process, in which nothing is compiled yet. The connection is open. */
async function measureCold(url: string, name: string): Promise<Measured> {
  await fetch(`${url}/1/doc`).then((response) => response.json());
  return timed(async () => readers[name]?.(url));
}

const firsts: Record<string, (url: string) => Promise<unknown>> = {
  'fetch: the first bytes': async (url) => (await fetch(`${url}/${count}/doc`)).body?.getReader().read(),
  'iterate(): the first file': (url) => apiAt(url, count).files.iterate().next(),
};

/** The time until something has arrived in a new process, which compiles and loads everything for the first time. */
async function measureFirst(url: string, name: string): Promise<Measured> {
  await fetch(`${url}/1/doc`).then((response) => response.json()); // connects, and loads `fetch`
  return timed(async () => firsts[name]?.(url));
}

/** The largest heap during `iterate()` in MiB, without garbage. */
async function measureHeap(url: string): Promise<number> {
  const api = apiAt(url, count);
  await iterate(apiAt(url, 100));
  globalThis.gc?.();
  const before = process.memoryUsage();
  const held = ({ heapUsed, external }: NodeJS.MemoryUsage) => heapUsed + external;
  let peak = 0;
  let files = 0;
  for await (const _ of api.files.iterate()) {
    if (++files % 1_000 !== 0) continue;
    globalThis.gc?.();
    peak = Math.max(peak, held(process.memoryUsage()) - held(before));
  }
  return peak / 1024 / 1024;
}

const script = fileURLToPath(import.meta.url);

async function inProcess<T>(...args: string[]): Promise<T> {
  const child = fork(script, args, { execArgv: ['--expose-gc'] });
  const [result] = await once(child, 'message');
  return result as T; // of this file
}

async function main(part?: string): Promise<void> {
  const server = fork(script, ['serve']);
  try {
    const [port] = await once(server, 'message');
    const url = `http://127.0.0.1:${port}`;
    if (part === 'floor') {
      const read = {
        ...readers,
        ...Object.fromEntries(
          Object.entries(steps).map(([name, step]) => [name, (url: string) => takeSteps(url, step)]),
        ),
      };
      const subjects = Object.entries(read).map(([name, work]) => [name, () => timed(() => work(url))] as const);
      await compare(Object.fromEntries(subjects), { rounds: 15, warmUp: 3 });
      return;
    }
    for (const files of part === 'new' ? [] : [count, 1_000, 100, 10]) {
      const api = apiAt(url, files);
      const times = Math.max(1, Math.round(2_000 / files));
      const repeated = (work: () => Promise<unknown>) => () =>
        timed(async () => {
          for (let time = 0; time < times; time++) await work();
        }, times);
      console.log(`\n${files} files:`);
      await compare(
        {
          'response.json()': repeated(async () => (await fetch(`${url}/${files}/doc`)).json()),
          'files.list()': repeated(() => api.files.list()),
          'files.iterate()': repeated(() => iterate(api)),
        },
        { rounds: 15, warmUp: 3, digits: files < 1_000 ? 2 : 0 },
      );
    }
    if (part === 'repeated') return;
    console.log(`\n${count} files, the first call of a new process:`);
    const cold = Object.keys(readers).map((name) => [name, () => inProcess<Measured>('cold', url, name)] as const);
    await compare(Object.fromEntries(cold), { rounds: 9 });
    console.log(`\n${count} files, until something has arrived, in new processes:`);
    const early = Object.keys(firsts).map((name) => [name, () => inProcess<Measured>('first', url, name)] as const);
    await compare(Object.fromEntries(early), { rounds: 9, digits: 1 });
    console.log(`\nPeak of the heap and of buffers: ${(await inProcess<number>('heap', url)).toFixed(1)} MiB`);
  } finally {
    server.disconnect();
  }
}

const [, , mode, url = '', name = ''] = process.argv;
if (mode === 'serve') serve();
else if (mode === undefined || ['repeated', 'new', 'floor'].includes(mode)) await main(mode);
else {
  const measured =
    mode === 'cold' ? measureCold(url, name) : mode === 'first' ? measureFirst(url, name) : measureHeap(url);
  process.send?.(await measured, () => process.exit()); // a response may still be open
}
