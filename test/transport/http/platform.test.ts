import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { platform } from '../../../src/transport/http/platform.js';
import { repository } from '../../support/paths.js';
import { accessToken, reply, scriptedServer } from '../../support/scripted-server.js';

afterEach(() => vi.unstubAllGlobals());

it('detects edge runtimes, even if they have a process', () => {
  expect(platform()).toBe('node');
  vi.stubGlobal('EdgeRuntime', 'vercel');
  expect(platform()).toBe('edge-light');
  vi.stubGlobal('navigator', { userAgent: 'Cloudflare-Workers' });
  expect(platform()).toBe('workerd');
});

it.each([
  ['renderer', 'browser'],
  ['worker', 'browser'],
  ['service-worker', 'browser'],
  ['browser', 'node'], // the main process
  ['utility', 'node'],
])('an Electron process of the type %s has the fetch of: %s', (type, expected) => {
  Object.defineProperty(process, 'type', { value: type, configurable: true });
  onTestFinished(() => void Reflect.deleteProperty(process, 'type'));
  expect(platform()).toBe(expected);
});

const web = `Request Response Headers FormData Blob File URL URLSearchParams ReadableStream WritableStream TransformStream
  TextEncoder TextDecoder AbortController AbortSignal DOMException Uint8Array ArrayBuffer crypto performance setTimeout
  clearTimeout queueMicrotask structuredClone atob btoa`;

/** The globals of Vercel's edge runtime: web APIs, `process.env`, and no code from strings. */
function edgeContext(seen: RequestInit[]): object {
  const globals = Object.fromEntries(web.split(/\s+/).map((name) => [name, Reflect.get(globalThis, name)]));
  const recordingFetch: typeof fetch = (input, init = {}) => {
    const { redirect, cache } = input instanceof Request ? input : init;
    seen.push({ redirect, cache });
    return fetch(input, init);
  };
  const codeGeneration = { strings: false, wasm: false };
  const context = { ...globals, fetch: recordingFetch, EdgeRuntime: 'edge-runtime', process: { env: {} } };
  return createContext(context, { codeGeneration });
}

it('is not a browser at the edge: streams uploads, and does not let fetch follow redirects', async () => {
  const contents = `
    import { ApiClient } from 'doctape-sdk';
    import { AuthorizationCodeClient } from 'doctape-sdk/server';
    globalThis.sdk = { ApiClient, AuthorizationCodeClient };`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: repository },
    bundle: true,
    write: false,
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['edge-light', 'worker', 'browser'],
    logLevel: 'error',
  });
  const seen: RequestInit[] = [];
  const context = edgeContext(seen);
  runInContext(outputFiles[0]?.text ?? '', context);
  const { ApiClient, AuthorizationCodeClient } = runInContext(
    'sdk',
    context,
  ) as typeof import('../../../src/index.js') & typeof import('../../../src/server.js');

  let arrived = () => {};
  const firstBytes = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const server = await scriptedServer(async (request, response) => {
    if (request.method === 'GET') return void response.writeHead(302, { location: '/elsewhere' }).end();
    for await (const _ of request) if (request.url !== '/token') arrived();
    if (request.url === '/token') reply(response, 200, { access_token: accessToken, token_type: 'Bearer' });
    else reply(response, 200, { error: null, result: { a: { id: 'a', name: 'a.txt', size: 10 } } });
  });

  const client = new AuthorizationCodeClient({
    clientId: 'an-app',
    clientSecret: 'a-secret',
    redirectUri: 'https://app.example/callback',
    tokenEndpoint: `${server.url}/token`,
  });
  const { state, pending } = await client.authorize();
  const token = await client.exchange(`?code=a-code&state=${state}`, pending);
  const api = new ApiClient({ token, baseUrl: `${server.url}/v1`, retry: false });
  async function* content() {
    yield new TextEncoder().encode('first');
    await firstBytes; // if the body were collected first, it would stall here
    yield new TextEncoder().encode('after');
  }
  expect(await api.files.upload({ stream: content(), size: 10 }, { name: 'a.txt' })).toMatchObject({ id: 'a' });
  await expect(api.account.get()).rejects.toMatchObject({ code: 'redirect_refused', status: 302 });

  expect(server.requests.map(({ url }) => url)).toEqual(['/token', '/v1/doc/upload', '/v1/account']);
  expect(seen).toEqual(Array(3).fill({ redirect: 'manual', cache: 'no-store' }));
});
