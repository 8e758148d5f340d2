import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compare, type Measured } from './measure.ts';

/**
 * Measures the start of a program: a new process that imports what it needs and makes one call, with `fetch` and with the SDK. The
 * server is in the measuring process. Run it with `npm run bench:start`.
 */

const script = fileURLToPath(import.meta.url);

const programs: Record<string, (url: string) => Promise<unknown>> = {
  async fetch(url) {
    return (await fetch(`${url}/account`, { headers: { authorization: 'Bearer token' } })).json();
  },
  async 'api.account.get()'(baseUrl) {
    const { ApiClient } = await import('doctape-sdk');
    return new ApiClient({ token: 'token', baseUrl }).account.get();
  },
  async 'api.files.list()'(baseUrl) {
    const { ApiClient } = await import('doctape-sdk');
    return new ApiClient({ token: 'token', baseUrl }).files.list();
  },
  async 'import only'() {
    await import('doctape-sdk');
  },
};

/** Runs in a new process. Type stripping and the start of Node.js do not count. */
async function run(name: string, url: string): Promise<void> {
  const start = performance.now();
  const before = process.cpuUsage();
  await programs[name]?.(url);
  const { user, system } = process.cpuUsage(before);
  process.send?.({ wall: performance.now() - start, cpu: (user + system) / 1_000 } satisfies Measured);
  process.disconnect();
}

async function main(): Promise<void> {
  const server = fork(script, ['serve']);
  try {
    const [port] = await once(server, 'message');
    const url = `http://127.0.0.1:${port}`;
    const subjects = Object.keys(programs).map((name) => {
      const subject = async () => {
        const child = fork(script, [name, url]);
        const [measured] = await once(child, 'message');
        await once(child, 'exit');
        return measured as Measured; // of this file
      };
      return [name, subject] as const;
    });
    await compare(Object.fromEntries(subjects), { rounds: 60, warmUp: 2, digits: 1 });
  } finally {
    server.disconnect();
  }
}

async function serve(): Promise<void> {
  const { createServer } = await import('node:http');
  const account = { username: 'alice', quota: 1, quota_used: 1, quota_free: 0 };
  const server = createServer(({ url }, response) => {
    const result = url === '/account' ? account : {};
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ error: null, result }));
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.(typeof address === 'object' ? address?.port : undefined);
  });
  process.on('disconnect', () => process.exit());
}

const [, , mode, url = ''] = process.argv;
if (mode === 'serve') await serve();
else if (mode !== undefined) await run(mode, url);
else await main();
