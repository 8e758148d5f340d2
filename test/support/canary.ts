import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient, DoctapeError, type Fetch, type HookEvent } from '../../src/index.js';
import { captureConsole } from './fuzz.js';
import { leaks } from './leaks.js';

// Provokes failures of the SDK with secrets in every input, and checks that no output contains them in any encoding.

export const token: string = 'canary "token" e09a64f8d5';
export const clientSecret = 'canary-secret/4b1f6a0e92';
export const code = 'canary-code+77c20d5b31';
export const state = 'canary-state-a1d2e8f90b';
export const password = 'canary-password-3f5c7d1e24';
export const knownSecrets: readonly string[] = [token, clientSecret, code, state, password];
export const all: string = knownSecrets.join(' ');
export const urlWithToken: string = `https://api.example/v1/doc/1/original?access_token=${encodeURIComponent(token)}`;

export type Provoke = () => unknown;
export type Row = [name: string, provoke: Provoke];

/** The events of hooks, and the secrets that clients generate. */
export const hookEvents: HookEvent[] = [];
export const generatedSecrets: string[] = [];

/** Calls a function with arguments that do not compile. */
export function callUntyped(action: unknown, ...values: unknown[]): unknown {
  if (typeof action !== 'function') throw new Error('there is no such function');
  return Reflect.apply(action, undefined, values);
}

export function api(options: Record<string, unknown> = {}): ApiClient {
  const record = (event: HookEvent) => void hookEvents.push(event);
  return Reflect.construct(ApiClient, [
    {
      token,
      baseUrl: 'https://api.example/v1',
      retry: false,
      hooks: { request: record, response: record, retry: record, error: record },
      ...options,
    },
  ]);
}

/** A client of a server that echoes the token wherever it can. */
export function clientWithResponse(status: number, body: unknown, headers: Record<string, string> = {}): ApiClient {
  const fetch: Fetch = async (_, init) => {
    if (init?.body instanceof ReadableStream) await new Response(init.body).bytes();
    const quoted = `"${token.replaceAll('"', '\\"')}"`;
    const challenge = `Bearer realm=${quoted}, error=${quoted}, error_description=${quoted}, scope=${quoted}`;
    const echo = { 'x-request-id': token, 'www-authenticate': challenge, 'retry-after': token };
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), {
      status,
      headers: { ...echo, ...headers },
    });
  };
  return api({ fetch });
}

/** A client of a server whose body breaks after a few bytes, followed by these responses. */
export function clientWithBrokenBody(first: Record<string, string>, ...rest: (() => Response)[]): ApiClient {
  const responses = [
    () =>
      new Response(body(3, first['x-ending'] ?? 'breaks'), {
        headers: { etag: '"1"', 'accept-ranges': 'bytes', 'content-length': '9', ...first },
      }),
    ...rest,
  ];
  return api({ retry: { limit: 1, maxDelay: 1 }, fetch: async () => (responses.shift() ?? Response.error)() });
}

export function body(length: number, ending: string): ReadableStream<Uint8Array> {
  let sent = false;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent && ending === 'closes') controller.close();
      else if (sent) controller.error(new TypeError(all));
      else controller.enqueue(new Uint8Array(length));
      sent = true;
    },
  });
}

/**
 * Adds a test for each row: it must fail with a DoctapeError, and reveal no secret.
 * @returns the places in the source that created the errors, for a later test
 */
export function testNoLeaks(rows: readonly Row[]): ReadonlySet<string> {
  const reached = new Set<string>();
  const depth = Error.stackTraceLimit;
  beforeAll(() => {
    Error.stackTraceLimit = 50;
  });
  afterAll(() => {
    Error.stackTraceLimit = depth;
  });
  describe('no secret is revealed by', () => {
    it.each(rows)('%s', async (_, provoke) => {
      generatedSecrets.length = 0;
      hookEvents.length = 0;
      const output = captureConsole();
      const outcome = await Promise.resolve()
        .then(provoke)
        .then(
          (value: unknown) => ({ value }),
          (error: unknown) => ({ error }),
        );
      if (!('error' in outcome)) throw new Error('the call did not fail');
      const { error } = outcome;
      if (!(error instanceof DoctapeError))
        throw new Error('it threw an error that is not a DoctapeError', { cause: error });
      for (const [, place = ''] of (error.stack ?? '').matchAll(/\/(src\/[^\s():]+:\d+:\d+)/g)) reached.add(place);
      const secrets = [...knownSecrets, ...generatedSecrets.filter((one) => one !== '')];
      expect(leaks([error, hookEvents], secrets)).toEqual([]);
      expect(leaks(output, secrets)).toEqual([]);
    });
  });
  return reached;
}
