import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ApiClient } from 'doctape-sdk';
import ky from 'ky';
import { compare, type Measured, timed } from './measure.ts';

/**
 * Measures a JSON call, one at a time and fifty at once, with the SDK, plain `fetch` and ky in turns. The server runs in a separate
 * process. Run it with `npm run bench:request`.
 */

const rounds = 25;
const callsPerRound = 1_000;

const account = {
  username: 'alice',
  firstname: 'Alice',
  lastname: 'Liddell',
  email: 'alice@example.com',
  country_code: 'GB',
  avatar: 'https://api.doctape.com/v1/account/avatar/50',
  quota: 5_368_709_120,
  quota_used: 730_782,
  quota_free: 5_367_978_338,
  type: 'basic',
};

function serve(): void {
  const body = JSON.stringify({ error: null, result: account });
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length }).end(body);
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
  process.on('disconnect', () => process.exit());
}

/** Makes calls, so many at once. Returns the times per call. */
function calls(call: () => Promise<unknown>, concurrency: number): Promise<Measured> {
  let left = callsPerRound;
  const worker = async () => {
    while (left-- > 0) await call();
  };
  return timed(() => Promise.all(Array.from({ length: concurrency }, worker)), callsPerRound);
}

async function main(): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), ['serve']);
  try {
    const [port] = await once(server, 'message');
    const baseUrl = `http://127.0.0.1:${port}/v1`;
    const token = 'token-0123456789-abcdef';
    const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
    const api = new ApiClient({ token, baseUrl });
    const bare = ky.create({ headers, retry: 0, timeout: false });
    const clients: Record<string, () => Promise<unknown>> = {
      fetch: async () => (await fetch(`${baseUrl}/account`, { headers })).json(),
      'fetch with the options of the SDK': async () =>
        (
          await fetch(`${baseUrl}/account`, {
            method: 'GET',
            headers,
            redirect: 'manual',
            credentials: 'omit',
            cache: 'no-store',
            signal: new AbortController().signal,
          })
        ).json(),
      'fetch with a timeout': async () =>
        (await fetch(`${baseUrl}/account`, { headers, signal: AbortSignal.timeout(30_000) })).json(),
      'ky without retries and timeout': () => bare(`${baseUrl}/account`).json(),
      ky: () => ky(`${baseUrl}/account`, { headers }).json(),
      'api.account.get()': () => api.account.get(),
    };
    for (const concurrency of [1, 50]) {
      console.log(`\n${concurrency === 1 ? 'one at a time' : `${concurrency} at once`}, per call:`);
      const subjects = Object.entries(clients).map(([name, call]) => [name, () => calls(call, concurrency)] as const);
      await compare(Object.fromEntries(subjects), { rounds, warmUp: 3, digits: 3 });
    }
  } finally {
    server.disconnect();
  }
}

if (process.argv[2] === 'serve') serve();
else await main();
