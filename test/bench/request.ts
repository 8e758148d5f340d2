import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ApiClient } from 'doctape-sdk';
import ky from 'ky';
import { compareInProcesses, type Measured, measureWhenAsked, messageOf, ownProcess, timed } from './measure.ts';

/**
 * Measures a JSON call, one at a time and fifty at once, with the SDK, plain `fetch` and ky in turns. The server and each client run
 * in processes of their own. Run it with `npm run bench:request`.
 */

const rounds = 40;
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

const token = 'token-0123456789-abcdef';
const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };

/** For each client, what makes a call. */
const clients: Record<string, (baseUrl: string) => () => Promise<unknown>> = {
  fetch: (baseUrl) => async () => (await fetch(`${baseUrl}/account`, { headers })).json(),
  'api.account.get()'(baseUrl) {
    const api = new ApiClient({ token, baseUrl });
    return () => api.account.get();
  },
  'fetch with the options of the SDK': (baseUrl) => async () =>
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
  'fetch with a timeout': (baseUrl) => async () =>
    (await fetch(`${baseUrl}/account`, { headers, signal: AbortSignal.timeout(30_000) })).json(),
  'ky without retries and timeout'(baseUrl) {
    const bare = ky.create({ headers, retry: 0, timeout: false });
    return () => bare(`${baseUrl}/account`).json();
  },
  ky: (baseUrl) => () => ky(`${baseUrl}/account`, { headers }).json(),
};

const script = fileURLToPath(import.meta.url);

async function main(): Promise<void> {
  const server = fork(script, ['serve']);
  try {
    const port = await messageOf<number>(server);
    for (const concurrency of [1, 50]) {
      console.log(`\n${concurrency === 1 ? 'one at a time' : `${concurrency} at once`}, per call:`);
      await compareInProcesses(
        Object.keys(clients),
        (name) => ownProcess(script, name, `http://127.0.0.1:${port}/v1`, String(concurrency)),
        { rounds, warmUp: 5, digits: 4 },
      );
    }
  } finally {
    server.disconnect();
  }
}

const [, , name, baseUrl = '', concurrency] = process.argv;
if (name === undefined) await main();
else if (name === 'serve') serve();
else {
  const call = clients[name]?.(baseUrl);
  if (!call) throw new Error(`there is no client ${name}`);
  measureWhenAsked(() => calls(call, Number(concurrency)));
}
