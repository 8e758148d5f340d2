import * as sdk from 'doctape-sdk';
import {
  ApiClient,
  type ApiClientOptions,
  type FileInfo,
  type Progress,
  renditions,
  type Scope,
  scopes,
  type Token,
} from 'doctape-sdk';
import { ImplicitGrantClient, type WebStorage } from 'doctape-sdk/browser';
import { createSandbox } from 'doctape-sdk/sandbox';
import { AuthorizationCodeClient } from 'doctape-sdk/server';
import { ViewClient } from 'doctape-sdk/view';

/** The contract: what must work the same in every runtime. It uses only the package, and a sandbox over HTTP. */

export interface ContractEnvironment {
  /** The URL of the sandbox. */
  url: string;
  /** The URL of a helper server, for runtimes that cannot do everything themselves: see matrix.ts. */
  control: string;
  /** Whether the runtime is a browser. */
  page: boolean;
  /** An empty folder, if the runtime has a file system. */
  folder?: string;
}

/** The modules for the file system. Other runtimes cannot import them. */
export interface Disk {
  node: typeof import('doctape-sdk/node');
  fs: typeof import('node:fs/promises');
}

export interface Outcome {
  name: string;
  /** The error, if it failed. */
  error?: string;
  /** Whether it was skipped, because the runtime has no file system. */
  absent?: boolean;
}

type Case = (context: Context) => Promise<void>;
type DiskCase = (context: Context & Disk & { folder: string }) => Promise<void>;

interface Context extends ContractEnvironment {
  token: Token;
  api: ApiClient;
  /** A client whose requests have the sandbox's header for faults. */
  faulty: (fault: string, options?: Partial<ApiClientOptions>) => ApiClient;
  /** The URL that the user's browser would be redirected to. */
  callback: (url: URL, options?: { approve?: boolean }) => Promise<string>;
  /** A token with these scopes. */
  tokenFor: (scope: readonly Scope[]) => Promise<Token>;
}

type ErrorName = Exclude<Extract<keyof typeof sdk, `${string}Error`>, 'DoctapeError'>;

const serverApp = {
  clientId: '5f0c1c0e-3c5e-4b57-9f0b-2d8c1f6b7a01',
  clientSecret: '3d9a7e52-6f14-4c8b-8e21-90b7c4d1e502',
};
const clientApp = { clientId: 'a2b4c6d8-1e3f-4a5b-8c7d-9e0f1a2b3c03' };
const redirectUri = 'http://localhost:3000/callback';

const cases: Record<string, Case> = {
  async 'signs in by authorization code'({ url, page, callback }) {
    const options = { ...serverApp, redirectUri, scope: ['account.read'] };
    const endpoints = { authorizationEndpoint: `${url}/oauth2`, tokenEndpoint: `${url}/oauth2/token` };
    if (page)
      return expectRejection(async () => new AuthorizationCodeClient(options), 'ConfigurationError', 'browser_secret');
    const client = new AuthorizationCodeClient({ ...options, ...endpoints, issuer: url });
    const { url: address, pending } = await client.authorize();
    const back = await callback(address);
    const token = await client.exchange(back, pending);
    equal(token.scope, ['account.read']);
    await expectRejection(() => client.exchange(back, pending), 'CallbackError', 'state_used');
    const denied = await client.authorize();
    const no = await callback(denied.url, { approve: false });
    await expectRejection(() => client.exchange(no, denied.pending), 'OAuthError', 'access_denied');
    await expectRejection(() => client.exchange(no, pending), 'CallbackError', 'state_mismatch');
  },

  async 'stores documents by the View API'({ url, page }) {
    const options = { ...serverApp, baseUrl: `${url}/sandbox` };
    if (page) return expectRejection(async () => new ViewClient(options), 'ConfigurationError', 'browser_secret');
    const view = new ViewClient(options);
    const [document] = await view.upload('visitor@example.org', [new Blob(['content'])], { lazy: true });
    const id = document?.id ?? '';
    equal(document?.embedUrl?.href, view.embedUrl(id).href);
    equal(await (await view.download(id)).text(), 'content');
    equal(await (await fetch(view.url(id))).text(), 'content');
    await view.unlink(id);
    await expectRejection(() => view.get(id), 'NotFoundError', 'http_404');
  },

  async 'signs in by implicit grant'({ url, page, callback }) {
    const options = { ...clientApp, redirectUri, authorizationEndpoint: `${url}/oauth2`, issuer: url };
    const client = page ? new ImplicitGrantClient(options) : new ImplicitGrantClient({ ...options, ...fakePage() });
    const back = await callback(client.authorize({ scope: ['file.read'] }).url);
    const token = client.handleCallback(back);
    equal(token.scope, ['file.read']);
    equal(client.resume(), token);
    await expectRejection(async () => client.handleCallback(back), 'CallbackError', 'state_used');
    await expectRejection(
      async () => client.handleCallback(`${redirectUri}?access_token=${token.access_token}`),
      'CallbackError',
      'state_missing',
    );
    client.signOut();
    equal(client.resume(), undefined);
    if (!page)
      await expectRejection(async () => new ImplicitGrantClient(options), 'ConfigurationError', 'invalid_argument');
  },

  async 'removes a callback from the URL'({ url, page, callback }) {
    const own = fakePage();
    const { location, history } = page ? globalThis : own;
    const redirectUri = location.href;
    const options = { ...clientApp, redirectUri, authorizationEndpoint: `${url}/oauth2`, ...(page ? {} : own) };
    const first = new ImplicitGrantClient(options);
    equal(first.resume(), undefined);
    const back = await callback(first.authorize({ scope: ['file.read'] }).url);
    history.replaceState({ place: 120 }, '', back);
    equal(location.href, back);
    const token = new ImplicitGrantClient(options).resume();
    equal(location.href, redirectUri);
    equal(history.state, { place: 120 });
    equal(token?.scope, ['file.read']);
    equal(await new ApiClient({ token: token ?? '', baseUrl: `${url}/v1` }).files.list(), []);
    equal(new ImplicitGrantClient(options).resume(), token, 'after a reload');
    first.signOut();
  },

  async 'reads the account'({ api }) {
    equal((await api.account.get()).username, 'alice');
    equal((await (await api.account.avatar(50)).blob()).size > 100, true);
    equal((await fetch(api.account.avatarUrl(50))).status, 200);
  },

  async 'uploads from every source'({ api }) {
    const bytes = pattern(100_000);
    const sources = {
      File: new File([bytes], 'a.bin'),
      Blob: new Blob([bytes]),
      ArrayBuffer: bytes.slice().buffer,
      'typed array': bytes,
      ReadableStream: streamOf(bytes),
      AsyncIterable: chunksOf(bytes),
      'stream of known size': { stream: chunksOf(bytes), size: bytes.length },
      Response: new Response(bytes),
    };
    for (const [name, source] of Object.entries(sources)) {
      const { id, size } = await api.files.upload(source, { name: `${name}.bin` });
      equal(size, bytes.length, name);
      equal(await digest(await api.files.download(id)), await digest(bytes), name);
    }
    const both = await api.files.uploadAll([new File(['one'], '1.txt'), new File(['two'], '2.txt')], {
      tags: ['pair'],
    });
    equal(
      both.map(({ name }) => name),
      ['1.txt', '2.txt'],
    );
  },

  async 'reads, changes and deletes files'({ api }) {
    const { id } = await api.files.upload(new File(['hello'], 'hello.txt'), { tags: ['a', '#mixed'], starred: true });
    equal((await api.files.get(id)).tags, ['a', '#mixed']);
    equal((await api.files.waitUntilProcessed(id)).processing_status, 'ok');
    equal((await api.files.update(id, { name: 'bye', starred: false })).name, 'bye');
    const listed = await api.files.list({ includeMeta: true });
    const iterated: FileInfo[] = [];
    for await (const file of api.files.iterate({ includeMeta: true })) iterated.push(file);
    equal(iterated, listed);
    const copy = await api.files.clone(id);
    equal((await (await fetch(await api.files.publish(copy))).text()).includes('bye.txt'), true);
    await api.files.unpublish(copy);
    equal(await (await fetch(api.files.url(id))).text(), 'hello');
    const [tape] = await api.tapes.list();
    equal(tape?.name, 'mixed');
    equal((await api.tapes.update(tape?.id ?? '', { live: false })).live, false);
    equal((await api.tapes.get(tape?.id ?? '')).files, [id]);
    equal(typeof (await api.request('account', { searchParams: { more: true } })), 'object');
    for (const file of [id, copy]) await api.files.delete(file);
    await expectRejection(() => api.files.get(id), 'NotFoundError', 'http_404');
  },

  async 'extracts an archive'({ api, control }) {
    const archive = await (await fetch(`${control}/archive.zip`)).blob();
    const { id } = await api.files.upload(archive, { name: 'archive.zip', type: 'application/zip' });
    await api.files.extract(id);
    equal(
      (await api.files.list()).some(({ name }) => name === 'from the archive'),
      true,
    );
  },

  async 'streams in both directions, and reports progress'({ api, faulty }) {
    const events: Progress[] = [];
    const bytes = pattern(8 * 1024 * 1024);
    const { id } = await api.files.upload(chunksOf(bytes), {
      name: 'large.bin',
      onProgress: (event) => events.push(event),
    });
    const last = events.at(-1);
    equal(last?.loaded, bytes.length);
    equal(
      events.every(({ loaded }, index) => loaded >= (events[index - 1]?.loaded ?? 0)),
      true,
    );
    const response = await api.files.download(id, 'original', { onProgress: (event) => events.push(event) });
    equal(response.url.startsWith(api.files.url(id).origin), true);
    equal(await digest(response), await digest(bytes));
    const unfinished = await faulty('stall=1000000').files.download(id);
    const reader = unfinished.body?.getReader();
    const first = await reader?.read();
    equal((first?.value?.length ?? 0) > 0, true, 'the first chunk arrives before the last');
    await reader?.cancel();
    const part = await api.files.download(id, 'original', { range: { start: 1_000_000, end: 1_099_999 } });
    equal(await digest(part), await digest(bytes.slice(1_000_000, 1_100_000)));
  },

  async 'resumes a download that breaks'({ api, faulty }) {
    const bytes = pattern(1_000_000);
    const { id } = await api.files.upload(bytes, { name: 'broken.bin' });
    equal(await digest(await faulty('cut=300000').files.download(id)), await digest(bytes));
    await expectRejection(
      async () => {
        await digest(await faulty('cut=300000', { retry: false }).files.download(id));
      },
      'TransferError',
      'interrupted',
    );
    await expectRejection(
      async () => {
        await digest(await faulty('cut=300000,no-ranges').files.download(id));
      },
      'TransferError',
      'interrupted',
    );
  },

  async 'decodes compressed responses'({ control, token }) {
    const api = new ApiClient({ token, baseUrl: `${control}/packed` });
    equal(await (await api.files.download('a')).text(), 'hello '.repeat(40));
  },

  async 'aborts stalled transfers'({ api, faulty }) {
    const { id } = await api.files.upload(pattern(1_000_000), { name: 'still.bin' });
    const stalling = faulty('stall=300000', { retry: false, idleTimeout: 200 });
    await expectRejection(
      async () => {
        await digest(await stalling.files.download(id));
      },
      'TimeoutError',
      'idle_timeout',
    );
    await expectRejection(
      () => faulty('latency=20000', { retry: false, timeout: 200 }).account.get(),
      'TimeoutError',
      'timeout',
    );
  },

  async 'retries, and obeys Retry-After'({ faulty }) {
    const seen: number[] = [];
    const hooks = { response: ({ status = 0 }) => void seen.push(status) };
    await expectRejection(() => faulty('status=503,retry-after=0', { hooks }).account.get(), 'ApiError', 'http_503');
    equal(seen, [503, 503, 503]);
    await expectRejection(() => faulty('status=429,retry-after=3600').account.get(), 'RateLimitError', 'http_429');
  },

  async 'rejects with the reason of the signal'({ api, faulty }) {
    const reason = new Error('enough');
    const soon = () => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(reason), 50);
      return controller.signal;
    };
    equal(await reasonOf(() => api.account.get({ signal: AbortSignal.abort(reason) })), reason);
    equal(await reasonOf(() => faulty('latency=20000').account.get({ signal: soon() })), reason);
    const slow = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
    equal(await reasonOf(() => api.files.upload(slow, { name: 'slow.bin', signal: soon() })), reason);
    const { id } = await api.files.upload(pattern(1_000_000), { name: 'aborted.bin' });
    const download = async () => {
      await digest(await faulty('stall=300000').files.download(id, 'original', { signal: soon() }));
    };
    equal(await reasonOf(download), reason);
  },

  async 'distinguishes errors, and quotes no credential'({ api, url, control, token }) {
    const text = token.access_token;
    const at = (baseUrl: string, other: string | Token = text) =>
      new ApiClient({ token: other, baseUrl, retry: false });
    await expectRejection(
      () => at(`${url}/v1`, 'wrong-token-0123456789').account.get(),
      'UnauthorizedError',
      'http_401',
    );
    await expectRejection(() => api.files.download('nothing'), 'NotFoundError', 'http_404');
    await expectRejection(
      () => api.files.upload({ stream: chunksOf(pattern(10)), size: 5 }),
      'TransferError',
      'truncated',
    );
    await expectRejection(() => api.files.upload('text' as never), 'ConfigurationError', 'invalid_argument');
    await expectRejection(() => at('http://127.0.0.1:2/v1').account.get(), 'NetworkError', 'network');
    await expectRejection(() => at(`${control}/html`).account.get(), 'ResponseError', 'malformed_response');
    await expectRejection(() => at(`${control}/redirect`).account.get(), 'ResponseError', 'redirect_refused');
    await expectRejection(
      () => at(`${url}/v1`, { access_token: text, token_type: 'Bearer', expires_at: 1 }).account.get(),
      'TokenExpiredError',
      'token_expired',
    );
    await expectRejection(
      async () => new ApiClient({ token: text, baseUrl: 'http://api.example' }),
      'ConfigurationError',
      'insecure_url',
    );
    await expectRejection(async () => api.files.url('..'), 'ConfigurationError', 'invalid_argument');

    const error = await reasonOf(() => at(`${control}/echo`).account.get());
    equal(error instanceof sdk.DoctapeError, true);
    equal(appearance(error).includes(text), false);
    equal(appearance(api).includes(text), false);
  },

  async 'throws every error class'({ api, url, control, faulty, callback, tokenFor }) {
    const at = (token: string | Token, baseUrl = `${url}/v1`) => new ApiClient({ token, baseUrl, retry: false });
    const full = { ...fakePage().storage, setItem: () => fail(new DOMException('', 'QuotaExceededError')) };
    const signIn = (options: object = {}) =>
      new ImplicitGrantClient({
        ...clientApp,
        ...fakePage(),
        redirectUri,
        authorizationEndpoint: `${url}/oauth2`,
        ...options,
      });
    const declining = signIn();
    const declined = await callback(declining.authorize().url, { approve: false });
    const narrow = await tokenFor(['account.read']);
    const { id } = await api.files.upload(new File(['no picture'], 'broken.png', { type: 'image/png' }));
    // FileSystemError needs a file system: see diskCases
    const failures: Record<Exclude<ErrorName, 'FileSystemError'>, [code: string, action: () => Promise<unknown>]> = {
      ConfigurationError: ['invalid_argument', async () => at('')],
      CallbackError: ['malformed_callback', async () => declining.handleCallback(redirectUri)],
      OAuthError: ['access_denied', async () => declining.handleCallback(declined)],
      ApiError: ['http_503', () => faulty('status=503', { retry: false }).account.get()],
      UnauthorizedError: ['http_401', () => at('wrong-token-0123456789').account.get()],
      ForbiddenError: ['http_403', () => faulty('status=403', { retry: false }).account.get()],
      InsufficientScopeError: ['http_403', () => at(narrow).files.list()],
      NotFoundError: ['http_404', () => api.files.get('nothing')],
      QuotaExceededError: ['http_413', () => faulty('status=413', { retry: false }).account.get()],
      RateLimitError: ['http_429', () => faulty('status=429', { retry: false }).account.get()],
      TokenExpiredError: ['token_expired', () => at({ ...narrow, expires_at: 1 }).account.get()],
      ResponseError: ['malformed_response', () => at(narrow, `${control}/html`).account.get()],
      NetworkError: ['network', () => at(narrow, 'http://127.0.0.1:2/v1').account.get()],
      TimeoutError: ['timeout', () => faulty('latency=20000', { retry: false, timeout: 200 }).account.get()],
      TransferError: ['truncated', () => api.files.upload({ stream: chunksOf(pattern(10)), size: 5 })],
      StorageError: ['storage_unavailable', async () => signIn({ storage: full }).authorize()],
      PopupError: ['popup_blocked', () => withBlockedPopups(() => signIn().signInWithPopup())],
      ProcessingError: ['processing_failed', () => api.files.waitUntilProcessed(id)],
    };
    const exported = Object.keys(sdk).filter(
      (name) => name.endsWith('Error') && !['DoctapeError', 'FileSystemError'].includes(name),
    );
    equal(Object.keys(failures).sort(), exported.sort());
    for (const [name, [code, action]] of Object.entries(failures))
      await expectRejection(action, name as ErrorName, code);
  },

  async 'runs a sandbox in the same program'() {
    const sandbox = createSandbox();
    const [origin, fetch] = ['http://localhost', sandbox.fetch];
    const client = new ImplicitGrantClient({
      ...clientApp,
      ...fakePage(),
      redirectUri,
      scope: scopes,
      authorizationEndpoint: `${origin}/oauth2`,
    });
    const token = client.handleCallback(await sandbox.authorize(client.authorize().url, { username: 'bob' }));
    const api = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch });
    const bytes = pattern(1_000_000);
    const { id } = await api.files.upload(chunksOf(bytes), { name: 'stream.bin' });
    const dot = Uint8Array.from(atob('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7'), (c) =>
      c.charCodeAt(0),
    );
    const { id: pictureId } = await api.files.upload(new File([dot], 'dot.gif', { type: 'image/gif' }));
    equal((await api.files.list()).map(({ name }) => name).sort(), ['dot', 'stream']);
    equal(await digest(await api.files.download(id)), await digest(bytes));
    equal((await api.files.get(pictureId)).meta, { width: 1, height: 1 });
    equal((await api.files.download(pictureId, 'thumb_120.jpg')).headers.get('content-type'), 'image/jpeg');
  },

  async 'exports the scopes and renditions'() {
    equal(scopes.length, 7);
    equal(renditions.length, 10);
  },
};

const diskCases: Record<string, DiskCase> = {
  async 'uploads a file from disk'({ api, folder, node, fs }) {
    const path = `${folder}/holiday.jpg`;
    const bytes = pattern(1_000_000);
    await fs.writeFile(path, bytes);
    const file = await node.openFile(path);
    equal([file.name, file.type, file.size], ['holiday.jpg', 'image/jpeg', bytes.length]);
    equal(await digest(new Response(file.slice(70_000, 80_000))), await digest(bytes.slice(70_000, 80_000)));
    const events: Progress[] = [];
    const { id } = await api.files.upload(file, { onProgress: (event) => events.push(event) });
    equal(events.at(-1), { loaded: bytes.length, total: bytes.length, fraction: 1 });
    equal(await digest(await api.files.download(id)), await digest(bytes));
    await fs.appendFile(path, 'more');
    await expectRejection(() => api.files.upload(file), 'TransferError', 'changed');
    await expectRejection(() => node.openFile(`${folder}/nothing`), 'FileSystemError', 'file_not_found');
  },

  async 'saves a download to disk, and continues one'({ api, faulty, folder, node, fs }) {
    const path = `${folder}/saved.bin`;
    const bytes = pattern(1_000_000);
    const { id } = await api.files.upload(bytes, { name: 'saved.bin' });
    await fs.writeFile(path, 'what was there');
    const broken = faulty('cut=300000', { retry: false });
    await expectRejection(() => node.saveDownload(broken, id, path), 'TransferError', 'interrupted');
    equal(await fs.readFile(path, 'utf8'), 'what was there');
    const { size: there } = await fs.stat(`${path}.part`);
    equal(there > 0 && there < bytes.length, true);
    const statuses: number[] = [];
    const counting = faulty('', { hooks: { response: ({ status = 0 }) => void statuses.push(status) } });
    const events: Progress[] = [];
    const saved = await node.saveDownload(counting, id, path, { onProgress: (event) => events.push(event) });
    equal(statuses, [206]);
    equal((events[0]?.loaded ?? 0) >= there - 1, true, 'the existing bytes are counted');
    equal(saved, { path, size: bytes.length });
    equal(await digest(new Uint8Array(await fs.readFile(path))), await digest(bytes));
    equal(
      (await fs.readdir(folder)).filter((name) => name.startsWith('saved.bin')),
      ['saved.bin'],
    );
  },

  async 'signs in with a loopback redirect'({ url, callback, node }) {
    const endpoints = { authorizationEndpoint: `${url}/oauth2`, tokenEndpoint: `${url}/oauth2/token` };
    const open = async (address: URL) => fetch(await callback(address));
    const token = await node.signInWithLoopback({ ...serverApp, ...endpoints, scope: ['file.read'], open });
    equal(token.scope, ['file.read']);
  },
};

/**
 * Runs all cases in order, and checks that nothing was printed.
 * @param disk undefined if the runtime has no file system
 */
export async function runContract(
  { folder = '', ...environment }: ContractEnvironment,
  disk?: Disk,
): Promise<Outcome[]> {
  const printed: string[] = [];
  for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    console[name] = (...values: unknown[]) => void printed.push(values.map(appearance).join(' '));
  }
  const context = await prepare(environment);
  const outcomes: Outcome[] = [];
  for (const [name, run] of Object.entries(cases)) outcomes.push(await outcomeOf(name, () => run(context)));
  for (const [name, run] of Object.entries(diskCases)) {
    outcomes.push(disk ? await outcomeOf(name, () => run({ ...context, ...disk, folder })) : { name, absent: true });
  }
  outcomes.push({ name: 'prints nothing', ...(printed.length > 0 && { error: printed.join('\n') }) });
  return outcomes;
}

async function outcomeOf(name: string, run: () => Promise<void>): Promise<Outcome> {
  try {
    await run();
    return { name };
  } catch (error) {
    return { name, error: appearance(error) };
  }
}

async function prepare(environment: ContractEnvironment): Promise<Context> {
  const { url, control } = environment;
  const callback: Context['callback'] = async (address, { approve = true } = {}) => {
    const query = new URLSearchParams({ url: address.href, approve: String(approve) });
    return (await fetch(`${control}/callback?${query}`)).text();
  };
  const tokenFor: Context['tokenFor'] = async (scope) => {
    const endpoints = { redirectUri, authorizationEndpoint: `${url}/oauth2` };
    const client = new ImplicitGrantClient({ ...clientApp, ...fakePage(), ...endpoints });
    return client.handleCallback(await callback(client.authorize({ scope }).url));
  };
  const token = await tokenFor(scopes);
  const options = { token, baseUrl: `${url}/v1` };
  const faulty: Context['faulty'] = (fault, more) =>
    new ApiClient({
      ...options,
      fetch: (input, init) =>
        fetch(input, { ...init, headers: { ...(init?.headers as Record<string, string>), 'x-doctape-fault': fault } }),
      ...more,
    });
  return { ...environment, token, api: new ApiClient(options), faulty, callback, tokenFor };
}

/** Runs an action while `window.open()` is blocked. */
async function withBlockedPopups<T>(action: () => Promise<T>): Promise<T> {
  const open = Object.getOwnPropertyDescriptor(globalThis, 'open');
  Object.defineProperty(globalThis, 'open', { value: () => null, configurable: true, writable: true });
  try {
    return await action();
  } finally {
    if (open) Object.defineProperty(globalThis, 'open', open);
    else Reflect.deleteProperty(globalThis, 'open');
  }
}

function fakePage() {
  const entries = new Map<string, string>();
  const storage: WebStorage = {
    get length() {
      return entries.size;
    },
    key: (index) => [...entries.keys()][index] ?? null,
    getItem: (key) => entries.get(key) ?? null,
    setItem: (key, value) => void entries.set(key, value),
    removeItem: (key) => void entries.delete(key),
  };
  const location = { href: 'http://localhost:3000/', assign() {} };
  const history = {
    state: null as unknown,
    replaceState(state: unknown, _unused: string, url: string) {
      history.state = state;
      location.href = url;
    },
  };
  return { location, history, storage, tokenStorage: storage };
}

/** Bytes whose values depend on their position. */
function pattern(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = (at * 31 + (at >> 8) * 7 + (at >> 16)) & 255;
  return bytes;
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.slice(at, at + 65_536);
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  const chunks = chunksOf(bytes);
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function digest(content: Response | Uint8Array<ArrayBuffer>): Promise<string> {
  const bytes = content instanceof Response ? await content.arrayBuffer() : content;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function fail(error: unknown): never {
  throw error;
}

function equal(actual: unknown, expected: unknown, what = ''): void {
  const [a, b] = [actual, expected].map((value) => (typeof value === 'object' ? JSON.stringify(value) : value));
  if (a !== b) throw new Error(`${what} expected ${String(b)}, got ${String(a)}`.trim());
}

async function expectRejection(action: () => Promise<unknown>, name: ErrorName, code: string): Promise<void> {
  const error = await reasonOf(action);
  const { [name]: Class } = sdk;
  const isOne = error instanceof sdk.DoctapeError && error instanceof Class;
  if (!isOne) throw new Error(`expected ${name} ${code}, got ${appearance(error)}`);
  equal(error.name, name, error.message);
  equal(error.code, code, error.message);
}

async function reasonOf(action: () => Promise<unknown>): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error;
  }
  throw new Error('the action did not fail');
}

/** All text that a log could contain for a value, by every means of the runtime. */
function appearance(value: unknown): string {
  const { Bun, Deno, process } = globalThis as {
    Bun?: { inspect: (value: unknown, options: object) => string };
    Deno?: { inspect: (value: unknown, options: object) => string };
    process?: { getBuiltinModule?: (name: string) => { inspect?: (value: unknown, options: object) => string } };
  };
  const inspect = Deno?.inspect ?? Bun?.inspect ?? process?.getBuiltinModule?.('node:util')?.inspect;
  const parts = [String(value), JSON.stringify(value), inspect?.(value, { depth: 9, showHidden: true })];
  for (let at = value, depth = 0; at instanceof Error && depth < 9; at = at.cause, depth++) {
    parts.push(at.stack, JSON.stringify(Object.getOwnPropertyDescriptors(at)));
  }
  return parts.filter((part) => part !== undefined).join('\n');
}
