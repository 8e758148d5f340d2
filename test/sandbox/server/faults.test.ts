import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ApiClient, ConfigurationError, TimeoutError, TransferError } from '../../../src/index.js';
import { mediaWorkInPlace } from '../../../src/sandbox/media/media-work.js';
import { buildSandbox } from '../../../src/sandbox/server/create-sandbox.js';
import { createSandbox } from '../../../src/sandbox.js';
import { captureConsole } from '../../support/fuzz.js';
import { codeClient, served, tokenFor } from '../../support/sandbox.js';
import { rejection } from '../../support/scripted-server.js';

const { url, sandbox } = await served();
const token = await tokenFor(sandbox, 'alice', undefined, url);
const api = new ApiClient({ token, baseUrl: `${url}/v1`, retry: false });
const { id } = await api.files.upload(new Blob([new Uint8Array(500_000)]), { name: 'x.bin' });

const fetchWithFault = (fault: string, path = '/v1/account') =>
  fetch(url + path, { headers: { authorization: `Bearer ${token.access_token}`, 'x-doctape-fault': fault } });

/** A client whose requests all have a fault. */
const faulty = (fault: string, options = {}) =>
  new ApiClient({
    token,
    baseUrl: `${url}/v1`,
    retry: false,
    fetch: (input, init) => {
      const request = new Request(input, init);
      request.headers.set('x-doctape-fault', fault);
      return fetch(request);
    },
    ...options,
  });

it('status= and retry-after= replace the response', async () => {
  const response = await fetchWithFault('status=503,retry-after=7');
  expect(response.status).toBe(503);
  expect(response.statusText).toBe('Service Unavailable');
  expect(response.headers.get('retry-after')).toBe('7');
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(await response.json()).toMatchObject({ result: null, error: { code: 503 } });
});

it('status= has a probability', async () => {
  const statuses = async (fault: string) =>
    new Set(await Promise.all(Array.from({ length: 60 }, async () => (await fetchWithFault(fault)).status)));
  expect(await statuses('status=500@0')).toEqual(new Set([200]));
  for (const always of ['1', '1.0']) expect(await statuses(`status=500@${always}`)).toEqual(new Set([500]));
  expect(await statuses('status=500@0.5')).toEqual(new Set([200, 500]));
});

it('cut= closes the connection in a response body', async () => {
  const response = await faulty('cut=70000').files.download(id);
  const error = await rejection(response.arrayBuffer(), TransferError);
  expect(error.bytes).toBeLessThanOrEqual(70_000);
});

it('cut= prints nothing', async () => {
  const printed = captureConsole();
  await rejection((await faulty('cut=70000').files.download(id)).arrayBuffer(), TransferError);
  await rejection((await faulty('cut=0').files.download(id)).arrayBuffer(), TransferError);
  expect(printed).toEqual([]);
});

it('cut= errors a body in the same process', async () => {
  const headers = { authorization: `Bearer ${token.access_token}`, 'x-doctape-fault': 'cut=5' };
  const { body } = await sandbox.fetch(`${url}/v1/account`, { headers });
  const reader = body?.getReader();
  expect((await reader?.read())?.value).toHaveLength(5);
  await expect(reader?.read()).rejects.toThrow('the connection was cut by a fault');
});

it('stall= stops a body', async () => {
  const download = faulty('stall=70000', { idleTimeout: 200 }).files.download(id);
  await rejection(
    download.then((response) => response.arrayBuffer()),
    TimeoutError,
  );
});

it('no-ranges ignores the Range header', async () => {
  const plain = await fetchWithFault('', `/v1/doc/${id}/original`);
  expect(plain.headers.get('accept-ranges')).toBe('bytes');
  const headers = { authorization: `Bearer ${token.access_token}`, range: 'bytes=0-9', 'x-doctape-fault': 'no-ranges' };
  const response = await fetch(`${url}/v1/doc/${id}/original`, { headers });
  expect(response.status).toBe(200);
  expect(response.headers.has('accept-ranges')).toBe(false);
  expect((await response.arrayBuffer()).byteLength).toBe(500_000);
});

it('latency= delays the response', async () => {
  await rejection(faulty('latency=5000', { timeout: 100 }).account.get(), TimeoutError);
});

it('faults apply to the token endpoint too', async () => {
  const failing = createSandbox({ faults: 'status=503' });
  const client = codeClient(failing);
  const { url: authorizationUrl, pending } = await client.authorize();
  const callback = await failing.authorize(authorizationUrl, { username: 'alice' });
  await expect(client.exchange(callback, pending)).rejects.toMatchObject({
    name: 'OAuthError',
    code: 'temporarily_unavailable',
    status: 503,
  });
});

it.each(['explode', 'latency', 'latency=soon', 'status=200', 'status=503@2', 'cut=-1', 'status=503;cut=1'])(
  'the fault %j is refused',
  async (fault) => {
    expect(() => createSandbox({ faults: fault })).toThrow(ConfigurationError);
    const response = await fetchWithFault(fault);
    expect(response.status).toBe(400);
    expect((await response.json()).error.message).toContain('x-doctape-fault');
  },
);

it.each([7, null, {}, ['latency=1']])('createSandbox refuses faults that are not a string: %j', (faults) => {
  expect(() => createSandbox({ faults: faults as unknown as string })).toThrow(/^faults must be a string/);
});

describe('the header x-doctape-fault', () => {
  /** The response of a sandbox with these options to a request by this peer. */
  async function statusOf(faults: string | undefined, isThisMachine: boolean | undefined, header: string) {
    const { sandbox, respond } = buildSandbox({ faults }, mediaWorkInPlace());
    const request = new Request('http://localhost/v1/account', { headers: { 'x-doctape-fault': header } });
    const response = await (isThisMachine === undefined
      ? sandbox.fetch(request)
      : respond(request, { isThisMachine, closeConnection() {} }));
    return [response.status, (await response.json()).error.message];
  }

  it.each([
    ['this machine', true, undefined],
    ['this machine, if the sandbox has faults', true, 'latency=1'],
    ['a function call, which has no peer', undefined, undefined],
    ['another machine, if the sandbox has faults', false, 'latency=1'],
    ['another machine, if the faults of the sandbox are empty', false, ''],
  ])('is accepted from %s', async (_who, isThisMachine, faults) => {
    expect((await statusOf(faults, isThisMachine, 'status=418'))[0]).toBe(418);
  });

  it.each(['status=503', 'latency=999999999', 'stall=0', 'no such fault', ''])(
    'is refused from another machine, with the remedy: %j',
    async (header) => {
      const [status, message] = await statusOf(undefined, false, header);
      expect(status).toBe(403);
      expect(message).toContain('--faults ""');
    },
  );

  it('is refused on a connection from another machine', async () => {
    const { url: everywhere } = await served({ host: '0.0.0.0' });
    const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    const own = addresses.filter(({ family }) => family === 'IPv4');
    expect(own.map(({ internal }) => internal)).toContain(true);
    const { port } = new URL(everywhere);
    for (const { address, internal } of own) {
      const response = await fetch(`http://${address}:${port}/v1/account`, {
        headers: { 'x-doctape-fault': 'status=418' },
      });
      expect([address, response.status]).toEqual([address, internal ? 418 : 403]);
    }
  });
});
