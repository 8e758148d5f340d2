import { afterEach, beforeEach, expect, inject, it, type MockInstance, vi } from 'vitest';
import { ApiClient, type ApiClientOptions, DoctapeError } from '../../src/index.js';

const sandbox = inject('sandbox');
const stalling = inject('stallingSandbox');
const faultyServer = inject('faultyServer');

const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace', 'dir', 'table'] as const;
const printed: unknown[] = [];
const spies: MockInstance[] = [];

beforeEach(() => {
  for (const method of methods) {
    spies.push(vi.spyOn(console, method).mockImplementation((...values: unknown[]) => void printed.push(...values)));
  }
});

afterEach(() => {
  for (const spy of spies.splice(0)) spy.mockRestore();
  printed.length = 0;
});

/** Every text of a value that a console or a crash report may show. */
function textsOf(value: unknown, seen = new Set<unknown>()): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  if (seen.has(value)) return [];
  seen.add(value);
  const texts = Reflect.ownKeys(value).flatMap((key) => [String(key), ...textsOf(Reflect.get(value, key), seen)]);
  return value instanceof Headers ? [...texts, ...[...value].flat()] : texts;
}

function contains(value: unknown, secret: string): boolean {
  return textsOf(value).some((text) => text.includes(secret));
}

function clientAt(url: string, token: string, options: Partial<ApiClientOptions> = {}): ApiClient {
  return new ApiClient({ token, baseUrl: `${url}/v1`, retry: false, ...options });
}

it('the check finds a token in every place where one may be printed', () => {
  console.debug('a', { deep: [new Error('b', { cause: new Headers({ authorization: 'Bearer planted' }) })] });
  console.table(['c']);
  expect(contains(printed, 'planted')).toBe(true);
  expect(contains(printed, 'absent')).toBe(false);
});

it('does not print a token when calls succeed', async () => {
  const api = clientAt(sandbox.url, sandbox.token);
  await api.account.get();
  const { id } = await api.files.upload(new Blob(['x']));
  await api.files.list();
  await (await api.files.download(id)).text();
  expect(api.files.url(id).href).toContain(sandbox.token);
  await api.files.delete(id);
  expect(contains([api, printed], sandbox.token)).toBe(false);
});

const brief = { timeout: 200, idleTimeout: 200 };
const { token } = sandbox;

it.each<[string, string, () => Promise<unknown>]>([
  ['a token that is unknown', 'unknown-token', () => clientAt(sandbox.url, 'unknown-token').account.get()],
  [
    'a token that lacks a scope',
    sandbox.accountOnlyToken,
    () => clientAt(sandbox.url, sandbox.accountOnlyToken).files.list(),
  ],
  ['a file that is not there', token, () => clientAt(sandbox.url, token).files.download('absent')],
  ['a connection that breaks', token, () => clientAt(`${faultyServer}/broken`, token).account.get()],
  ['an upload that breaks', token, () => clientAt(`${faultyServer}/broken`, token).files.upload(new Blob(['x']))],
  ['a redirect', token, () => clientAt(`${faultyServer}/elsewhere`, token).files.get('a')],
  ['an response that is no JSON', token, () => clientAt(`${faultyServer}/landing`, token).files.get('a')],
  ['silence', token, () => clientAt(`${faultyServer}/silent`, token, brief).account.get()],
  [
    'a download that stalls',
    stalling.token,
    async () => {
      const api = clientAt(stalling.url, stalling.token, brief);
      const { id } = await api.files.upload(new Uint8Array(1_000_000));
      await (await api.files.download(id)).body?.pipeTo(new WritableStream());
    },
  ],
])('does not print a token and does not put it in the error: %s', async (_, secret, work) => {
  const error = await work().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DoctapeError);
  expect(contains([error, printed], secret)).toBe(false);
});
