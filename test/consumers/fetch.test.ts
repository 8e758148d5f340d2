import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import crossFetch from 'cross-fetch';
import nodeFetch from 'node-fetch';
import { fetch as undiciFetch } from 'undici';
import { beforeAll, describe, expect, it } from 'vitest';
import { ApiClient, ConfigurationError, type Fetch, NetworkError } from '../../src/index.js';
import { createSandbox } from '../../src/sandbox.js';
import { AuthorizationCodeClient } from '../../src/server.js';
import { signInAt } from '../docs/reader/sign-in.js';
import { installPackage, linkPackage, packPackage } from '../support/packed-package.js';
import { inPackage } from '../support/paths.js';
import { allScopes, served, tokenFor } from '../support/sandbox.js';
import { rejection, scriptedServer } from '../support/scripted-server.js';

// Runs every `fetch` of docs/proxies.md, with and without a wrapper, against a served sandbox.

const app = {
  clientId: 'an-app',
  clientSecret: 'a-secret-of-an-app',
  type: 'server' as const,
  name: 'An application',
  redirectUris: ['https://app.example/callback'],
};
const { url: sandboxUrl, sandbox } = await served({ apps: [...createSandbox().apps, app] });
const token = await tokenFor(sandbox, 'alice', allScopes, sandboxUrl);

// without a cast: the compiler checks this table too
const implementations: [string, Fetch, { streams: boolean }][] = [
  ['the platform', globalThis.fetch, { streams: true }],
  ['undici', undiciFetch, { streams: true }],
  ['node-fetch', nodeFetch, { streams: false }],
  ['cross-fetch', crossFetch, { streams: false }],
  ['a wrapper around the platform', (url, init) => fetch(url, { ...init }), { streams: true }],
  ['a wrapper around undici', (url, init) => undiciFetch(url, { ...init }), { streams: true }],
  ['a wrapper around node-fetch', (url, init) => nodeFetch(url, { ...init }), { streams: false }],
];

describe.each(implementations)('the fetch of %s', (_, fetch, { streams }) => {
  const api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1`, fetch, retry: false });

  it('signs in', async () => {
    const client = new AuthorizationCodeClient({
      clientId: app.clientId,
      clientSecret: app.clientSecret,
      redirectUri: 'https://app.example/callback',
      authorizationEndpoint: `${sandboxUrl}/oauth2`,
      tokenEndpoint: `${sandboxUrl}/oauth2/token`,
      fetch,
    });
    const { url, pending } = await client.authorize();
    const granted = await client.exchange(await signInAt(url.href, sandboxUrl), pending);
    expect(granted).toMatchObject({ token_type: 'Bearer', access_token: expect.any(String) });
  });

  it('calls and downloads, and uploads or explains why it cannot', async () => {
    const platform = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });
    const { id } = await platform.files.upload(new Blob(['hello']), { name: 'notes.txt' });
    expect(await api.account.get()).toMatchObject({ username: 'alice' });
    expect(await (await api.files.download(id)).text()).toBe('hello');
    expect(await (await api.files.download(id, 'original', { range: { start: 1, end: 2 } })).text()).toBe('el');
    expect(await api.files.update(id, { starred: true })).toMatchObject({ starred: true });
    const upload = api.files.upload(new Blob(['more']), { name: 'more.txt' });
    if (streams) expect(await upload).toMatchObject({ name: 'more.txt' });
    else expect((await rejection(upload, ConfigurationError)).message).toContain('cannot send a ReadableStream');
    await api.files.delete(id);
  });

  it('reports a refused connection, and a redirect of a call', async () => {
    const unreachable = new ApiClient({ token, baseUrl: 'http://127.0.0.1:2/v1', fetch, retry: false });
    await rejection(unreachable.files.list(), NetworkError);
    const server = await scriptedServer((_request, response) => void response.writeHead(302, { location: '/x' }).end());
    const redirected = new ApiClient({ token, baseUrl: `${server.url}/v1`, fetch, retry: false });
    await expect(redirected.files.list()).rejects.toMatchObject({ code: 'redirect_refused' });
    expect(server.requests).toHaveLength(1);
  });

  it('rejects with the reason of an abort', async () => {
    const controller = new AbortController();
    const reason = new Error('not now');
    const server = await scriptedServer(() => controller.abort(reason));
    const waiting = new ApiClient({ token, baseUrl: `${server.url}/v1`, fetch, retry: false });
    await expect(waiting.files.list({ signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('the types', () => {
  const run = promisify(execFile);
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'doctape-fetch-'));
    await installPackage((await packPackage(folder)).tarball, folder);
    for (const name of ['@types/node', 'undici-types', 'undici']) await linkPackage(name, folder);
    for (const name of ['node-fetch', 'cross-fetch', 'fetch-blob', 'formdata-polyfill']) {
      await linkPackage(name, folder, 'test/consumers');
    }
    return () => rm(folder, { recursive: true, force: true });
  });

  const program = `
    import { ApiClient, type Fetch } from 'doctape-sdk';
    import { AuthorizationCodeClient } from 'doctape-sdk/server';
    import { createSandbox } from 'doctape-sdk/sandbox';
    import crossFetch from 'cross-fetch';
    import nodeFetch from 'node-fetch';
    import { fetch as undiciFetch, ProxyAgent } from 'undici';
    const dispatcher = new ProxyAgent('http://proxy.example');
    const all: Fetch[] = [
      fetch, globalThis.fetch, undiciFetch, nodeFetch, crossFetch, createSandbox().fetch,
      (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'x-trace': '1' } }),
      (url, init) => fetch(new Request(url, init)),
      (url, init) => undiciFetch(url, { ...init, dispatcher }),
      (url, init) => nodeFetch(url, { ...init, compress: false }),
      (url, init) => crossFetch(url, init),
      async () => new Response('{"result":{}}'),
      async () => Response.json({ result: {} }),
    ];
    for (const fetch of all) {
      new ApiClient({ token: 'a-token', fetch });
      new AuthorizationCodeClient({ clientId: 'a', redirectUri: 'https://app.example/', fetch });
    }`;

  it.each<[string, string[]]>([
    ['with the types of the DOM', ['es2023', 'dom', 'dom.iterable']],
    ['without them', ['es2023']],
  ])('accept them all without a cast, %s', async (_, lib) => {
    await writeFile(join(folder, 'program.mts'), program);
    const compilerOptions = {
      noEmit: true,
      strict: true,
      skipLibCheck: true,
      target: 'es2022',
      module: 'nodenext',
      lib,
      types: ['node'],
      exactOptionalPropertyTypes: true,
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.mts'] }));
    const compiled = run(process.execPath, [inPackage('@typescript/native/bin/tsc'), '-p', 'tsconfig.json'], {
      cwd: folder,
    });
    await expect(compiled.catch(({ stdout }) => Promise.reject(new Error(stdout)))).resolves.toBeDefined();
  });
});
