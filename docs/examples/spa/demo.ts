import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ApiClient, ConfigurationError } from 'doctape-sdk';
import { type ServedSandbox, serveSandbox } from 'doctape-sdk/serve';
import { AuthorizationCodeClient } from 'doctape-sdk/server';
import { build } from 'vite';
import { makeSamples } from './samples.ts';
import { serveApp } from './serve-app.ts';

// Builds the app and serves it, together with a sandbox that contains sample files of alice. Nothing is stored after the process ends.

const { values } = parseArgs({
  options: { port: { type: 'string', default: '4410' }, 'sandbox-port': { type: 'string', default: '4400' } },
});
const folder = fileURLToPath(new URL('.', import.meta.url));
const outDir = await mkdtemp(join(tmpdir(), 'doctape-web-app-')); // several demos may start at once
const day = 24 * 60 * 60 * 1000;

/** The offset of the sandbox's clock in milliseconds, so that the samples seem to have been uploaded over several weeks. */
let behind = 0;
const sandbox = await preferring(Number(values['sandbox-port']), (port) =>
  serveSandbox({ port, now: () => Date.now() - behind }),
);
const server = createServer();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);

await fill(sandbox);
await build({ configFile: join(folder, 'vite.config.ts'), logLevel: 'warn', build: { outDir, emptyOutDir: true } });
server.on(
  'request',
  await serveApp(outDir, {
    clientId: sandbox.sandbox.apps.find(({ type }) => type === 'client')?.clientId ?? '',
    authorizationEndpoint: `${sandbox.url}/oauth2`,
    issuer: sandbox.url,
    baseUrl: `${sandbox.url}/v1`,
  }),
);
await rm(outDir, { recursive: true }); // it is served from memory
const port = await preferring(Number(values.port), async (wanted) => {
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
});

console.log(`
  The app:      http://127.0.0.1:${port}/
  The sandbox:  ${sandbox.url}/

  Sign in as alice, with the password wonderland. Stop it with Ctrl+C.
`);

async function stop(): Promise<void> {
  server.close();
  server.closeAllConnections();
  await sandbox.close();
  process.exit(); // also during the build
}

/** Uses this port, so that the URL is the same after a restart. If it is in use, a free port is used. */
async function preferring<T>(port: number, listen: (port: number) => Promise<T>): Promise<T> {
  try {
    return await listen(port);
  } catch (error) {
    const refused = error instanceof ConfigurationError || (error instanceof Error && 'syscall' in error);
    if (!refused || port === 0) throw error;
    return listen(0);
  }
}

/** Signs in as alice and uploads the samples. */
async function fill({ url, sandbox: { apps, authorize } }: ServedSandbox): Promise<void> {
  const { clientId = '', clientSecret } = apps.find(({ type }) => type === 'server') ?? {};
  const client = new AuthorizationCodeClient({
    clientId,
    clientSecret,
    redirectUri: 'http://localhost/callback', // no server listens there: the callback URL is read here
    scope: ['file.create', 'file.read', 'file.update'],
    authorizationEndpoint: `${url}/oauth2`,
    tokenEndpoint: `${url}/oauth2/token`,
  });
  const { url: authorizationUrl, pending } = await client.authorize();
  const callback = await authorize(authorizationUrl, { username: 'alice' });
  const api = new ApiClient({ token: await client.exchange(callback, pending), baseUrl: `${url}/v1` });
  for (const { name, type, bytes, tags, starred, published, daysAgo } of makeSamples()) {
    behind = daysAgo * day;
    const { id } = await api.files.upload(bytes, { name, type, tags, starred });
    if (published) await api.files.publish(id);
  }
  behind = 0;
}
