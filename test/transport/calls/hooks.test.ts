import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type ApiClient,
  ApiError,
  ConfigurationError,
  DoctapeError,
  type ErrorHookEvent,
  type HookEvent,
  type Hooks,
  NetworkError,
  ResponseError,
  type ResponseHookEvent,
  TimeoutError,
  TokenExpiredError,
  TransferError,
} from '../../../src/index.js';
import {
  accessToken,
  apiAt,
  bodyOf,
  reasonOf,
  rejection,
  reply,
  type Script,
  scriptedServer,
  thrown,
  wait,
} from '../../support/scripted-server.js';
import { stopTimers } from '../../support/stopped-timers.js';

const account = { username: 'alice', quota: 1, quota_used: 0, quota_free: 1 };
const file = { id: 'a', name: 'a', size: 1, time_added: 1 };
const good: Script = (_, response) => reply(response, 200, { error: null, result: account });
const reset: Script = (_, response) => void response.socket?.resetAndDestroy();
const failing =
  (status: number, headers: Record<string, string> = {}): Script =>
  (_, response) =>
    reply(response, status, { error: { code: status, message: 'no' } }, headers);

function respondInOrder(...scripts: Script[]) {
  let call = 0;
  return scriptedServer(async (request, response) => {
    await bodyOf(request);
    await scripts[Math.min(call++, scripts.length - 1)]?.(request, response);
  });
}

/** Hooks that record every event. */
function recorder(): { events: HookEvent[]; hooks: Hooks; types: () => string[] } {
  const events: HookEvent[] = [];
  const record = (event: HookEvent) => void events.push(event);
  const hooks = { request: record, response: record, retry: record, error: record };
  return { events, hooks, types: () => events.map(({ type }) => type) };
}

const retry = { limit: 1, maxDelay: 1 };

async function collect(files: AsyncIterable<unknown>): Promise<unknown[]> {
  const all = [];
  for await (const one of files) all.push(one);
  return all;
}

it('reports each attempt of a call, without credentials', async () => {
  const { events, hooks } = recorder();
  const server = await respondInOrder(failing(500, { 'x-request-id': `id of ${accessToken}` }), good);
  await apiAt(server.url, { hooks, retry }).account.get();
  const id = expect.any(String);
  const common = { id, operation: 'account.get', method: 'GET', url: `${server.url}/v1/account` };
  const durationMs = expect.any(Number);
  expect(events).toEqual([
    { type: 'request', ...common, attempt: 1 },
    { type: 'response', ...common, attempt: 1, status: 500, durationMs, requestId: 'id of [redacted]' },
    { type: 'retry', ...common, attempt: 1, error: expect.any(ApiError), delayMs: expect.any(Number) },
    { type: 'request', ...common, attempt: 2 },
    { type: 'response', ...common, attempt: 2, status: 200, durationMs },
  ]);
  expect(new Set(events.map((event) => event.id)).size).toBe(1);
  expect(JSON.stringify(events)).not.toContain(accessToken);
});

it('narrows an event by its type', () => {
  expectTypeOf<Extract<HookEvent, { type: 'response' }>>().toEqualTypeOf<ResponseHookEvent>();
  expectTypeOf<Extract<HookEvent, { type: 'error' }>>().toEqualTypeOf<ErrorHookEvent>();
  expectTypeOf<ErrorHookEvent['error']>().toEqualTypeOf<unknown>();
});

const operations: [string, string, (api: ApiClient) => unknown][] = [
  ['account.get', 'GET', (api) => api.account.get()],
  ['account.avatar', 'GET', async (api) => (await api.account.avatar()).text()],
  ['files.list', 'GET', (api) => api.files.list()],
  ['files.iterate', 'GET', (api) => collect(api.files.iterate())],
  ['files.get', 'GET', (api) => api.files.get('a')],
  ['files.update', 'POST', (api) => api.files.update('a', { starred: true })],
  ['files.upload', 'POST', (api) => api.files.upload(new Blob(['a']))],
  ['files.uploadAll', 'POST', (api) => api.files.uploadAll([new Blob(['a'])])],
  ['files.download', 'GET', async (api) => (await api.files.download('a')).text()],
  ['files.clone', 'POST', (api) => api.files.clone('a')],
  ['files.publish', 'POST', (api) => api.files.publish('a')],
  ['files.unpublish', 'POST', (api) => api.files.unpublish('a')],
  ['files.delete', 'DELETE', (api) => api.files.delete('a')],
  ['files.extract', 'POST', (api) => api.files.extract('a')],
  ['files.waitUntilProcessed', 'GET', (api) => api.files.waitUntilProcessed('a')],
  ['tapes.list', 'GET', (api) => api.tapes.list()],
  ['tapes.get', 'GET', (api) => api.tapes.get('a')],
  ['tapes.update', 'POST', (api) => api.tapes.update('a', { live: true })],
  ['request', 'GET', (api) => api.request('account')],
];

/** The ways a call can fail: the behaviour of the server, and options of the client. */
const failures: [string, Script, object, abstract new (...args: never[]) => DoctapeError, string[]][] = [
  ['a refusal', failing(400), {}, ApiError, ['request', 'response', 'error']],
  ['a failed connection', reset, {}, NetworkError, ['request', 'error']],
  ['a timeout', () => {}, { timeout: 50, idleTimeout: 50 }, TimeoutError, ['request', 'error']],
  [
    'an expired token',
    good,
    { token: { access_token: accessToken, token_type: 'Bearer', expires_at: 1 } },
    TokenExpiredError,
    ['error'],
  ],
];

describe.each(operations)('%s', (operation, method, call) => {
  it.each(failures)('reports %s last, as an error with the id of the call', async (_, script, options, type, types) => {
    const { events, hooks, types: seen } = recorder();
    const server = await scriptedServer(script);
    const error = await rejection(Promise.resolve(call(apiAt(server.url, { hooks, ...options }))), type);
    expect(seen()).toEqual(types);
    const last = events.at(-1);
    expect(last).toMatchObject({ operation, method, attempts: 1, durationMs: expect.any(Number) });
    expect(last?.type === 'error' && last.error).toBe(error);
    expect(error.callId).toBe(last?.id);
    expect(error.toJSON().callId).toBe(last?.id);
  });

  it('reports an abort last, with the reason', async () => {
    const { events, hooks, types } = recorder();
    const server = await scriptedServer(() => {});
    const controller = new AbortController();
    const aborting: Hooks = { ...hooks, request: () => void setTimeout(() => controller.abort('enough'), 20) };
    const api = apiAt(server.url, { hooks: aborting });
    const withSignal = abortedBy(api, controller.signal);
    expect(await reasonOf(Promise.resolve(call(withSignal)))).toBe('enough');
    expect(types()).toEqual(['error']);
    expect(events[0]).toMatchObject({ operation, error: 'enough' });
  });

  it.each(['request', 'response', 'error'] as const)(
    'waits for an async %s hook, and rejects with its error',
    async (name) => {
      const mistake = new Error('a mistake in the application');
      const server = await scriptedServer(failing(400));
      const hooks: Hooks = {
        [name]: async () => {
          await wait(20);
          throw mistake;
        },
      };
      expect(await reasonOf(Promise.resolve(call(apiAt(server.url, { hooks }))))).toBe(mistake);
    },
  );
});

/** The same client, with a signal as the last argument of every method. */
function abortedBy<T extends object>(target: T, signal: AbortSignal): T {
  const before: Record<string, unknown[]> = { avatar: [50], download: ['a', 'original'] };
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value === 'object' && value !== null) return abortedBy(value, signal);
      if (typeof value !== 'function') return value;
      return (...values: unknown[]) => {
        return Reflect.apply(value, target, [...(before[String(name)] ?? values), { signal }]);
      };
    },
  });
}

describe('the body of a transfer', () => {
  const half: Script = async (_, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('half');
    await wait(20);
    response.socket?.resetAndDestroy();
  };

  it('reports its failure last, as an error with the id of the call', async () => {
    const { events, hooks, types } = recorder();
    const server = await scriptedServer(half);
    const response = await apiAt(server.url, { hooks }).files.download('a');
    const error = await rejection(response.text(), TransferError);
    expect(types()).toEqual(['request', 'response', 'error']);
    expect(error.callId).toBe(events[0]?.id);
    expect(events.at(-1)).toMatchObject({ id: events[0]?.id, operation: 'files.download', error, attempts: 1 });
  });

  it('reports the retries of a body and its failure', async () => {
    const { events, hooks, types } = recorder();
    const headers = { 'content-length': '1000', etag: '"1"', 'accept-ranges': 'bytes' };
    const resumable: Script = async (request, response) => {
      if (request.headers.range !== undefined) return void response.socket?.resetAndDestroy();
      response.writeHead(200, headers);
      response.write('half');
      await wait(20);
      response.socket?.resetAndDestroy();
    };
    const server = await scriptedServer(resumable);
    const response = await apiAt(server.url, { hooks, retry }).files.download('a');
    const error = await rejection(response.text(), TransferError);
    expect(types()).toEqual(['request', 'response', 'retry', 'request', 'error']);
    expect(events.at(-1)).toMatchObject({ error, attempts: 2 });
    expect(error.callId).toBe(events[0]?.id);
  });

  it('reports an abort during a read, but not a cancelled body', async () => {
    const server = await scriptedServer((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half');
    });
    const aborted = recorder();
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const response = await apiAt(server.url, { hooks: aborted.hooks }).files.download('a', 'original', options);
    setTimeout(() => controller.abort('enough'), 20);
    expect(await reasonOf(response.text())).toBe('enough');
    expect(aborted.types()).toEqual(['request', 'response', 'error']);

    const cancelled = recorder();
    const other = await apiAt(server.url, { hooks: cancelled.hooks }).files.download('a');
    await other.body?.cancel();
    await wait(20);
    expect(cancelled.types()).toEqual(['request', 'response']);
  });

  it('rejects with the error that an error hook throws', async () => {
    const mistake = new Error('a mistake in the application');
    const server = await scriptedServer(half);
    const hooks = { error: () => Promise.reject(mistake) };
    const response = await apiAt(server.url, { hooks }).files.download('a');
    expect(await reasonOf(response.text())).toBe(mistake);
  });

  it.each([
    ['that is not JSON', 'no'],
    ['that is cut off', `{"result":{"a":${JSON.stringify(file)}`],
    ['with a malformed file', '{"result":{"a":{"id":5}}}'],
    ['with an error in it', '{"error":{"code":500,"message":"tired"}}'],
  ])('reports a list %s last, for list() and iterate()', async (_, body) => {
    for (const read of [(api: ApiClient) => api.files.list(), (api: ApiClient) => collect(api.files.iterate())]) {
      const { events, hooks, types } = recorder();
      const server = await scriptedServer((_, response) => reply(response, 200, body));
      const error = await rejection(read(apiAt(server.url, { hooks })), DoctapeError);
      expect(types()).toEqual(['request', 'response', 'error']);
      expect(error.callId).toBe(events[0]?.id);
    }
  });
});

describe('a hook that throws', () => {
  const mistake = new Error('a mistake in the application');
  const fail = () => {
    throw mistake;
  };
  const failLater = async () => {
    await wait(5);
    throw mistake;
  };

  it('before a request is sent, sends nothing', async () => {
    const server = await respondInOrder(good);
    for (const request of [fail, failLater]) {
      const { events, hooks } = recorder();
      const api = apiAt(server.url, { hooks: { ...hooks, request } });
      for (const [, , call] of operations) expect(await reasonOf(Promise.resolve(call(api)))).toBe(mistake);
      expect(events.map(({ type }) => type)).toEqual(operations.map(() => 'error'));
    }
    expect(server.requests).toEqual([]);
  });

  it('on a retry, ends the call', async () => {
    for (const retried of [fail, failLater]) {
      const server = await respondInOrder(failing(500), good);
      const api = apiAt(server.url, { hooks: { retry: retried }, retry });
      expect(await reasonOf(api.account.get())).toBe(mistake);
      expect(server.requests).toHaveLength(1);
    }
  });

  // An endless body: it ends only when the client closes the connection.
  const endless = async () => {
    const closed = Promise.withResolvers<void>();
    const server = await scriptedServer(async (request, response) => {
      response.on('close', () => closed.resolve());
      request.resume();
      response.writeHead(200, { 'content-type': 'application/json' });
      while (!response.destroyed) {
        response.write(' '.repeat(1000));
        await wait(5);
      }
    });
    return { server, closed: closed.promise };
  };

  it.each<[string, (api: ApiClient) => Promise<unknown>]>([
    ['a download', (api) => api.files.download('a')],
    ['an avatar', (api) => api.account.avatar()],
    ['iterate()', (api) => collect(api.files.iterate())],
    ['an upload', (api) => api.files.upload(new Blob(['a']))],
    ['an upload that is still being read', (api) => api.files.upload(slowly())],
  ])('on the response to %s, releases the connection', async (_, call) => {
    for (const response of [fail, failLater]) {
      const { server, closed } = await endless();
      expect(await reasonOf(call(apiAt(server.url, { hooks: { response } })))).toBe(mistake);
      await closed;
    }
  });

  async function* slowly() {
    for (;;) {
      yield new Uint8Array(1000);
      await wait(5);
    }
  }

  it('on a retry of a body, releases the connection', async () => {
    const server = await scriptedServer(async (_, response) => {
      response.writeHead(200, { 'content-length': '1000', etag: '"1"', 'accept-ranges': 'bytes' });
      response.write('half');
      await wait(20);
      response.socket?.resetAndDestroy();
    });
    const response = await apiAt(server.url, { hooks: { retry: failLater }, retry }).files.download('a');
    expect(await reasonOf(response.text())).toBe(mistake);
    expect(server.requests).toHaveLength(1);
  });
});

it('waits for a hook before the call continues', async () => {
  const order: string[] = [];
  const slow = (name: string) => async () => {
    order.push(`${name} begins`);
    await wait(10);
    order.push(`${name} ends`);
  };
  const server = await respondInOrder((request, response) => {
    order.push('server');
    good(request, response);
  });
  await apiAt(server.url, { hooks: { request: slow('request'), response: slow('response') } }).account.get();
  expect(order).toEqual(['request begins', 'request ends', 'server', 'response begins', 'response ends']);
});

it('ends a call whose hook hangs, by the timeout and by the signal', async () => {
  const hanging = () => new Promise(() => {});
  const server = await respondInOrder(failing(500));
  await rejection(apiAt(server.url, { timeout: 50, hooks: { request: hanging } }).account.get(), TimeoutError);
  const controller = new AbortController();
  setTimeout(() => controller.abort('enough'), 20);
  const api = apiAt(server.url, { retry, hooks: { retry: hanging } });
  expect(await reasonOf(api.account.get({ signal: controller.signal }))).toBe('enough');
});

describe('an error hook or a retry hook that hangs', () => {
  const hanging = () => new Promise(() => {});

  it('keeps the error of no call longer than the timeout', async () => {
    const server = await respondInOrder(failing(400));
    const api = apiAt(server.url, { timeout: 2_000, hooks: { error: hanging } });
    const calls = operations.map(async ([, , call]) => rejection(Promise.resolve(call(api)), ApiError));
    expect(await Promise.all(calls)).toHaveLength(operations.length);
  });

  it('keeps the error of the body of a download at most for the timeout', async () => {
    const server = await respondInOrder((_, response) => {
      response.writeHead(200, { 'content-length': 10 });
      response.write('half', () => response.destroy());
    });
    const pass = stopTimers();
    const error = () => {
      pass(300);
      return hanging();
    };
    const response = await apiAt(server.url, { timeout: 300, hooks: { error } }).files.download('a');
    await rejection(response.text(), TransferError);
  });

  it('does not keep the call after an abort, before or while the hook is waited for', async () => {
    const server = await respondInOrder(failing(400));
    const api = apiAt(server.url, { timeout: false, hooks: { error: hanging } });
    const silent = await scriptedServer(() => {});
    const early = new AbortController();
    setTimeout(() => early.abort('early'), 20);
    const unanswered = apiAt(silent.url, { timeout: false, hooks: { error: hanging } });
    expect(await reasonOf(unanswered.account.get({ signal: early.signal }))).toBe('early');
    const late = new AbortController();
    const call = api.with({
      hooks: {
        error: () => {
          setTimeout(() => late.abort('late'), 20);
          return hanging();
        },
      },
    });
    expect(await reasonOf(call.account.get({ signal: late.signal }))).toBe('late');
  });

  it('rejects with the error of the hook that comes in time', async () => {
    const server = await respondInOrder(failing(400));
    const error = async () => {
      await wait(20);
      throw new RangeError('from the hook');
    };
    await expect(apiAt(server.url, { hooks: { error } }).account.get()).rejects.toThrow('from the hook');
  });

  it('ends the call after the timeout without another attempt, and names the hook', async () => {
    const server = await respondInOrder(failing(500));
    const pass = stopTimers();
    const hooks: Hooks = {
      retry() {
        pass(500);
        return hanging();
      },
    };
    const error = await rejection(apiAt(server.url, { timeout: 500, retry, hooks }).account.get(), TimeoutError);
    expect(error.message).toMatch(/^the retry hook of GET http:\S+ took longer than 500 ms$/);
    expect(server.requests).toHaveLength(1);
  });
});

it('calls a hook with its `this`', async () => {
  class Log {
    readonly #lines: string[] = [];
    request(event: HookEvent) {
      this.#lines.push(event.operation);
    }
    get lines() {
      return this.#lines;
    }
  }
  const log = new Log();
  const server = await respondInOrder(good);
  await apiAt(server.url, { hooks: log }).account.get();
  expect(log.lines).toEqual(['account.get']);
});

it('an error has the id of its call without hooks, and each call has a new id', async () => {
  const server = await respondInOrder(failing(400));
  const api = apiAt(server.url);
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await rejection(api.account.get(), ApiError)).callId);
  expect(new Set(ids).size).toBe(3);
  expect(ids.every((id) => typeof id === 'string' && id.length > 20)).toBe(true);
});

it('rejects with an unchanged error if the application has frozen it', async () => {
  const frozen = Object.freeze(new ResponseError('malformed_response', 'of the application'));
  const server = await respondInOrder(good);
  const api = apiAt(server.url, {
    token: () => {
      throw frozen;
    },
  });
  expect(await reasonOf(api.account.get())).toBe(frozen);
});

it('does not call hooks for invalid arguments', async () => {
  const { events, hooks } = recorder();
  const api = apiAt('http://127.0.0.1:1', { hooks });
  await rejection(api.files.get(''), ConfigurationError);
  expect(events).toEqual([]);
});

it.each([
  ['text', 'log'],
  ['null', null],
  ['a list', [() => {}]],
])('refuses a hook that is %s', (_, hook) => {
  for (const name of ['request', 'response', 'retry', 'error']) {
    const hooks = { [name]: hook } as Hooks;
    expect(thrown(() => apiAt('http://127.0.0.1:1', { hooks }), ConfigurationError).message).toContain(`hooks.${name}`);
  }
});
