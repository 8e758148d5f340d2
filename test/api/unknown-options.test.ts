import { expect, it, test } from 'vitest';
import { ApiClient, ConfigurationError, type Fetch } from '../../src/index.js';
import { accessToken } from '../support/scripted-server.js';

// A misspelt option must not be ignored: `baseURL` would send the token to the default host, and `maxRetries` would do nothing.

const sent: string[] = [];
const fetch: Fetch = async (input) => {
  sent.push(String(input));
  return Response.json({ result: {} });
};
const api = new ApiClient({ token: accessToken, fetch });

/** Calls a function with arguments that do not compile. */
function callUntyped(action: unknown, self: unknown, values: unknown[]): unknown {
  if (typeof action !== 'function') throw new Error('it is not a function');
  return Reflect.apply(action, self, values);
}

const source = () => new Blob(['a']);

/** The arguments of each method before its options. Methods without options have `undefined`. */
const methods: Record<string, unknown[] | undefined> = {
  'account.get': [],
  'account.avatar': [50],
  'account.avatarUrl': undefined,
  'files.list': [],
  'files.iterate': [],
  'files.get': ['a'],
  'files.update': ['a', { starred: true }],
  'files.upload': [source()],
  'files.uploadAll': [[source()]],
  'files.uploadEach': [[source()]],
  'files.download': ['a', 'original'],
  'files.url': undefined,
  'files.clone': ['a'],
  'files.publish': ['a'],
  'files.unpublish': ['a'],
  'files.delete': ['a'],
  'files.extract': ['a'],
  'files.waitUntilProcessed': ['a'],
  'tapes.list': [],
  'tapes.get': ['a'],
  'tapes.update': ['a', { live: true }],
  request: ['account'],
  with: [],
};

function everyMethod(): string[] {
  const resources = (['account', 'files', 'tapes'] as const).flatMap((name) =>
    Object.keys(api[name]).map((method) => `${name}.${method}`),
  );
  const own = Object.getOwnPropertyNames(ApiClient.prototype).filter((name) => name !== 'constructor');
  return [...resources, ...own];
}

test('the table of methods is complete', () => {
  expect(Object.keys(methods).sort()).toEqual(everyMethod().sort());
});

async function refusalOf(action: () => unknown): Promise<ConfigurationError> {
  sent.length = 0;
  const outcome = await Promise.resolve()
    .then(action)
    .then(
      () => undefined,
      (error: unknown) => error,
    );
  expect(outcome).toBeInstanceOf(ConfigurationError);
  expect(sent).toEqual([]);
  return outcome as ConfigurationError;
}

const withOptions = Object.entries(methods).flatMap(([path, values]) => (values ? [[path, values] as const] : []));

function call(path: string, values: readonly unknown[], options: unknown): unknown {
  const [name = '', method] = path.split('.');
  const self: unknown = method === undefined ? api : Reflect.get(api, name);
  return callUntyped(Reflect.get(Object(self), method ?? name), self, [...values, options]);
}

it.each(withOptions)('%s refuses an unknown option, and sends nothing', async (path, values) => {
  for (const options of [{ tiemout: 1 }, { timeout: undefined, tiemout: undefined }]) {
    const error = await refusalOf(() => call(path, values, options));
    expect(error.code).toBe('unknown_option');
    expect(error.message).toBe('tiemout is not an option; did you mean timeout?');
  }
});

it.each(withOptions)('%s refuses options that are not an object, and sends nothing', async (path, values) => {
  for (const options of [null, 'timeout', 5, []]) {
    const error = await refusalOf(() => call(path, values, options));
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(/^options must be an object/);
  }
});

it.each(withOptions)('%s checks the common options, and sends nothing', async (path, values) => {
  const wrong: [string, unknown][] = [
    ['timeout', 0],
    ['timeout', '5'],
    ['retry', -1],
    ['headers', 'x-a: b'],
    ['headers', { authorization: 'Bearer other' }],
  ];
  if (path !== 'with') wrong.push(['signal', {}]);
  for (const [name, value] of wrong) {
    const error = await refusalOf(() => call(path, values, { [name]: value }));
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(new RegExp(`^${name}\\b`));
  }
});

const build = (options: object) => Reflect.construct(ApiClient, [{ token: accessToken, fetch, ...options }]);

it.each<[string, () => unknown, string]>([
  ['baseURL', () => build({ baseURL: 'https://other.example' }), 'baseURL is not an option; did you mean baseUrl?'],
  ['base_url', () => build({ base_url: '' }), 'base_url is not an option; did you mean baseUrl?'],
  ['maxRetries', () => build({ maxRetries: 5 }), 'maxRetries is not an option; the options are token, baseUrl,'],
  ['accessToken', () => build({ accessToken: 'a' }), 'accessToken is not an option; the options are token,'],
  ['retry.limits', () => build({ retry: { limits: 5 } }), 'retry.limits is not an option; did you mean limit?'],
  ['hooks.onError', () => build({ hooks: { onError() {} } }), 'hooks.onError is not an option; did you mean error?'],
  ['hooks.beforeRequest', () => build({ hooks: { beforeRequest: [] } }), 'hooks.beforeRequest is not an option'],
  [
    'retry of a call',
    () => call('files.list', [], { retry: { retries: 1 } }),
    'retry.retries is not an option; the options are limit, maxDelay',
  ],
  [
    'range.from',
    () => call('files.download', ['a', 'original'], { range: { start: 0, form: 5 } }),
    'range.form is not an option; the options are start, end, ifRange',
  ],
  [
    'changes.tag',
    () => call('files.update', ['a', { tag: [] }], {}),
    'changes.tag is not an option; did you mean tags?',
  ],
  [
    'changes of a tape',
    () => call('tapes.update', ['a', { sharedWith: [] }], {}),
    'changes.sharedWith is not an option; did you mean shared_with?',
  ],
  [
    'source.length',
    () => call('files.upload', [{ stream: source().stream(), size: 1, length: 1 }], {}),
    'source.length is not an option; the options are stream, size',
  ],
  ['a name of another case', () => call('files.list', [], { IncludeMeta: true }), 'did you mean includeMeta?'],
  ['__proto__', () => call('files.list', [], JSON.parse('{"__proto__":{}}')), '__proto__ is not an option'],
  ['constructor', () => call('files.list', [], { constructor: 1 }), 'constructor is not an option'],
  ['toString', () => call('files.list', [], { toString: 1 }), 'toString is not an option'],
])('the error names the closest known option for %s', async (_, action, message) => {
  const error = await refusalOf(action);
  expect(error.code).toBe('unknown_option');
  expect(error.message).toContain(message);
});

test('a key that looks like a value is not quoted', async () => {
  const error = await refusalOf(() => call('files.list', [], { [`Bearer ${accessToken}`]: 1 }));
  expect(error.message).not.toContain(accessToken);
});

test('an inherited property is an option, and is checked', async () => {
  const error = await refusalOf(() => call('files.list', [], Object.create({ includeMeta: 'yes' })));
  expect(error.message).toMatch(/^includeMeta/);
});

test('an undefined option counts as absent', async () => {
  sent.length = 0;
  const options = { signal: undefined, timeout: undefined, retry: undefined, headers: undefined };
  await api.files.list({ ...options, includeMeta: undefined });
  expect(sent).toEqual(['https://api.doctape.com/v1/doc']);
});
