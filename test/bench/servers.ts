import { fork } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { serve as serveHono } from '@hono/node-server';
import { scopes } from 'doctape-sdk';
import { serveSandbox } from 'doctape-sdk/serve';
import { AuthorizationCodeClient } from 'doctape-sdk/server';
import { Hono } from 'hono';
import { messageOf } from './measure.ts';

// The servers that the benchmarks of the sandbox measure, each in a separate process.

export interface Usage {
  /** The CPU time of the process in milliseconds. */
  cpu: number;
  rss: number;
  heap: number;
  /** Bytes outside of the heap, such as buffers. */
  external: number;
}

export interface ServerProcess {
  url: string;
  token: string;
  pid: number;
  /** Returns the resource usage of the process, after a garbage collection if `collect` is set. */
  usage(collect?: boolean): Promise<Usage>;
  stop(): Promise<void>;
}

type Kind = 'sandbox' | 'converting' | 'bare';

/** Starts a server that keeps its files in a temporary folder. */
export async function startServer(kind: Kind): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-bench-'));
  const child = fork(fileURLToPath(import.meta.url), [kind, join(folder, 'data')], { execArgv: ['--expose-gc'] });
  const { url, token } = await messageOf<{ url: string; token: string }>(child);
  return {
    url,
    token,
    pid: child.pid ?? 0,
    usage(collect = false) {
      child.send({ collect });
      return messageOf<Usage>(child);
    },
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.disconnect();
      await ended;
      await rm(folder, { recursive: true });
    },
  };
}

async function runSandbox(folder: string, converters = false): Promise<void> {
  const { url, sandbox, close } = await serveSandbox({ port: 0, data: folder, converters });
  const app = sandbox.apps.find(({ type }) => type === 'server');
  if (!app?.clientSecret) throw new Error('the sandbox has no server app');
  const client = new AuthorizationCodeClient({
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    redirectUri: 'http://localhost:3000/callback',
    scope: [...scopes],
    authorizationEndpoint: `${url}/oauth2`,
    tokenEndpoint: `${url}/oauth2/token`,
  });
  const { url: authorizationUrl, pending } = await client.authorize();
  const callback = await sandbox.authorize(authorizationUrl, { username: 'alice' });
  const { access_token: token } = await client.exchange(callback, pending);
  report({ url, token }, close);
}

/** A minimal file server: raw bodies on disk, names in memory, no users and no database. */
async function runBare(folder: string): Promise<void> {
  const { mkdir, open, unlink } = await import('node:fs/promises');
  await mkdir(folder);
  const files = new Map<string, { id: string; size: number }>();
  const app = new Hono();
  app.get('/account', (c) => c.json({ username: 'alice' }));
  app.get('/files', (c) => c.json(Object.fromEntries(files)));
  app.post('/files', async (c) => {
    const id = crypto.randomUUID();
    const path = join(folder, id);
    if (!c.req.raw.body) return c.body(null, 400);
    await pipeline(Readable.fromWeb(c.req.raw.body as never), createWriteStream(path)); // Node and the DOM declare different types
    const handle = await open(path, 'r+');
    await handle.sync(); // like the sandbox, it responds after the file is on the disk
    await handle.close();
    files.set(id, { id, size: (await stat(path)).size });
    return c.json({ id });
  });
  app.get('/files/:id', (c) => c.json(files.get(c.req.param('id')) ?? null));
  app.post('/files/:id', async (c) => c.json(await c.req.json()));
  app.get('/files/:id/original', (c) =>
    c.body(Readable.toWeb(createReadStream(join(folder, c.req.param('id')))) as ReadableStream),
  );
  app.delete('/files/:id', async (c) => {
    files.delete(c.req.param('id'));
    await unlink(join(folder, c.req.param('id')));
    return c.json({ deleted: true });
  });
  const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
    report({ url: `http://127.0.0.1:${port}`, token: '' }, async () => {
      server.close();
    });
  });
}

function report(where: { url: string; token: string }, close: () => Promise<void>): void {
  process.on('message', ({ collect }: { collect: boolean }) => {
    if (collect) globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, external } = process.memoryUsage();
    process.send?.({ cpu: (user + system) / 1000, rss, heap: heapUsed, external } satisfies Usage);
  });
  process.on('disconnect', () => close().then(() => process.exit()));
  process.send?.(where);
}

const [, script, kind, folder] = process.argv;
if (script === fileURLToPath(import.meta.url) && folder !== undefined) {
  if (kind === 'sandbox' || kind === 'converting') await runSandbox(folder, kind === 'converting');
  else await runBare(folder);
}
