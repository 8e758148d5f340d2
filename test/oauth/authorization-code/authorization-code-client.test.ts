import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSandbox } from '../../../src/sandbox.js';
import { AuthorizationCodeClient, type AuthorizationCodeClientOptions } from '../../../src/server.js';
import { codeClient, origin } from '../../support/sandbox.js';
import { reasonOf } from '../../support/scripted-server.js';

const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';

const valid: AuthorizationCodeClientOptions = {
  clientId: 'app-1',
  clientSecret: 'the-secret-of-app-1',
  redirectUri: 'https://app.example/callback',
};

function clientWith(options: Partial<AuthorizationCodeClientOptions> = {}): AuthorizationCodeClient {
  return new AuthorizationCodeClient({ ...valid, ...options });
}

/** Returns the error that the constructor throws for options of the wrong type. */
function refusalOf(options: unknown): unknown {
  try {
    Reflect.construct(AuthorizationCodeClient, [options]);
  } catch (error) {
    return error;
  }
  throw new Error('the options were accepted');
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('construction', () => {
  it('needs only the documented options, and uses the endpoints of doctape', async () => {
    const { url } = await clientWith().authorize();
    expect(url.origin + url.pathname).toBe('https://my.doctape.com/oauth2');
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'app-1'],
  ])('rejects %s as options', (_, options) => {
    expect(refusalOf(options)).toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_argument',
      message: expect.stringContaining('options of AuthorizationCodeClient'),
    });
  });

  it.each<[keyof AuthorizationCodeClientOptions, string, unknown, string?]>([
    ['clientId', 'that is missing', undefined],
    ['clientId', 'that is null', null],
    ['clientId', 'that is empty', ''],
    ['clientId', 'that is a number', 7],
    ['clientId', 'with a line break', 'app\n1'],
    ['clientId', 'beyond ASCII', 'äpp'],
    ['clientSecret', 'that is undefined, as a missing environment variable is', undefined],
    ['clientSecret', 'that is null', null],
    ['clientSecret', 'that is empty', ''],
    ['clientSecret', 'that is an object', {}],
    ['clientSecret', 'with a line break, as a file ends with', 'the-secret\n'],
    ['clientSecret', 'beyond ASCII', 'sécret-of-app'],
    ['redirectUri', 'that is missing', undefined],
    ['redirectUri', 'that is null', null],
    ['redirectUri', 'that is empty', ''],
    ['redirectUri', 'that is a path', '/callback'],
    ['redirectUri', 'that is no URL', 'app.example/callback'],
    ['redirectUri', 'that is a URL object, which is not byte for byte', new URL('https://app.example/')],
    ['redirectUri', 'with a fragment', 'https://app.example/callback#here'],
    ['redirectUri', 'with an empty fragment', 'https://app.example/callback#'],
    ['redirectUri', 'with a user name', 'https://user@app.example/callback'],
    ['redirectUri', 'with a password', 'https://:password@app.example/callback'],
    ['redirectUri', 'with a space', 'https://app.example/call back'],
    ['redirectUri', 'with a space around it', ' https://app.example/callback'],
    ['redirectUri', 'with a line break', 'https://app.example/call\nback'],
    ['redirectUri', 'over http', 'http://app.example/callback', 'insecure_url'],
    ['redirectUri', 'on a host that only begins like loopback', 'http://localhost.evil.example/', 'insecure_url'],
    ['redirectUri', 'on a host that only begins with 127', 'http://127.0.0.1.evil.example/', 'insecure_url'],
    ['redirectUri', 'with loopback as its user name', 'http://localhost@evil.example/', 'insecure_url'],
    ['redirectUri', 'of a script', 'javascript:alert(1)', 'insecure_url'],
    ['redirectUri', 'with another URN', 'urn:ietf:wg:oauth:2.0:oob:auto', 'insecure_url'],
    ['scope', 'that is a string', 'account.read file.read'],
    ['scope', 'that is null', null],
    ['scope', 'with two scopes in one', ['account.read file.read']],
    ['scope', 'with an empty scope', ['']],
    ['scope', 'with a quote', ['a"b']],
    ['scope', 'with a backslash', ['a\\b']],
    ['scope', 'with a line break', ['account.read\n']],
    ['scope', 'beyond ASCII', ['lesen.für']],
    ['scope', 'with a number', [1]],
    ['scope', 'with undefined in it', [undefined, 'account.read']],
    ['scope', 'with a hole', new Array(1)],
    ['authorizationEndpoint', 'that is no URL', 'my.doctape.com/oauth2'],
    ['authorizationEndpoint', 'that is null', null],
    ['authorizationEndpoint', 'with a fragment', 'https://my.doctape.com/oauth2#top'],
    ['authorizationEndpoint', 'with credentials', 'https://user:password@my.doctape.com/oauth2'],
    ['authorizationEndpoint', 'over http', 'http://my.doctape.com/oauth2', 'insecure_url'],
    ['authorizationEndpoint', 'that is a URL over http', new URL('http://my.doctape.com/oauth2'), 'insecure_url'],
    ['authorizationEndpoint', 'that sets a state', 'https://my.doctape.com/oauth2?state=fixed'],
    ['authorizationEndpoint', 'that sets an escaped parameter', 'https://my.doctape.com/oauth2?client%5Fid=other'],
    ['tokenEndpoint', 'that is no URL', '/oauth2/token'],
    ['tokenEndpoint', 'with a fragment', 'https://my.doctape.com/oauth2/token#'],
    ['tokenEndpoint', 'with credentials', 'https://user:password@my.doctape.com/oauth2/token'],
    ['tokenEndpoint', 'over http', 'http://my.doctape.com/oauth2/token', 'insecure_url'],
    ['tokenEndpoint', 'of a file', 'file:///oauth2/token', 'insecure_url'],
    ['issuer', 'that is no URL', 'doctape'],
    ['issuer', 'that is null', null],
    ['issuer', 'that is empty', ''],
    ['issuer', 'that is a URL object, which no callback would equal', new URL('https://my.doctape.com/')],
    ['issuer', 'with a query', 'https://my.doctape.com/?tenant=1'],
    ['issuer', 'with a fragment', 'https://my.doctape.com/#here'],
    ['issuer', 'over http', 'http://my.doctape.com', 'insecure_url'],
    ['pkce', 'that is a string', 'S256'],
    ['pkce', 'that is null', null],
    ['maxAge', 'of zero', 0],
    ['maxAge', 'below zero', -1],
    ['maxAge', 'that is not a number', Number.NaN],
    ['maxAge', 'without end', Number.POSITIVE_INFINITY],
    ['maxAge', 'that is a string', '600'],
    ['timeout', 'of zero', 0],
    ['timeout', 'below zero', -1],
    ['timeout', 'that is not a number', Number.NaN],
    ['timeout', 'that no timer can wait', 2_147_483_648],
    ['timeout', 'that is a string', '30000'],
    ['timeout', 'that turns it off', false],
    ['fetch', 'that is an object', {}],
    ['fetch', 'that is a string', 'fetch'],
    ['fetch', 'that is null', null],
    ['now', 'that is a moment in place of a clock', 1_400_000_000_000],
    ['now', 'that is a Date', new Date(0)],
  ])('rejects a %s %s with an error that names the option', (option, _, value, code = 'invalid_argument') => {
    const refusal = refusalOf({ ...valid, [option]: value });
    expect(refusal).toMatchObject({ name: 'ConfigurationError', code });
    expect(String(refusal)).toMatch(new RegExp(`ConfigurationError: ${option}\\b`));
  });

  it.each<[keyof AuthorizationCodeClientOptions, string]>([
    ['clientSecret', 'quoted-in-no-message\n'],
    ['redirectUri', 'http://quoted-in-no-message.example/'],
    ['redirectUri', 'quoted-in-no-message'],
    ['tokenEndpoint', 'https://user:quoted-in-no-message@my.doctape.com/'],
    ['issuer', 'https://my.doctape.com/?quoted-in-no-message'],
  ])('does not quote a rejected %s', (option, value) => {
    expect(String(refusalOf({ ...valid, [option]: value }))).not.toContain('quoted-in-no-message');
  });

  it.each(['http://localhost:3000/cb', 'http://127.0.0.1/cb', 'http://127.8.9.10:1/cb', 'http://[::1]:8080/cb'])(
    'accepts the loopback redirect URI %s',
    async (redirectUri) => {
      const { url } = await clientWith({ redirectUri }).authorize();
      expect(url.searchParams.get('redirect_uri')).toBe(redirectUri);
    },
  );

  it.each([10, 2_147_483_647])('accepts a timeout of %d ms', (timeout) => {
    expect(() => clientWith({ timeout })).not.toThrow();
  });

  it('accepts a public client without a secret', async () => {
    const { clientId, redirectUri } = valid;
    const { url } = await new AuthorizationCodeClient({ clientId, redirectUri }).authorize();
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
  });

  it('rejects a public client without PKCE', () => {
    const { clientId, redirectUri } = valid;
    expect(refusalOf({ clientId, redirectUri, pkce: false })).toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_argument',
      message: expect.stringMatching(/^pkce\b/),
    });
  });

  it('rejects a secret in a browser page', () => {
    vi.stubGlobal('window', { document: {} });
    expect(refusalOf(valid)).toMatchObject({
      name: 'ConfigurationError',
      code: 'browser_secret',
      message: expect.stringMatching(/^clientSecret\b.*ImplicitGrantClient/),
    });
  });

  it('accepts a public client in a browser page', () => {
    vi.stubGlobal('window', { document: {} });
    const { clientId, redirectUri } = valid;
    expect(() => new AuthorizationCodeClient({ clientId, redirectUri })).not.toThrow();
  });

  it('accepts a secret if window exists but document does not', () => {
    vi.stubGlobal('window', {});
    expect(() => clientWith()).not.toThrow();
  });

  it('has no enumerable or inspectable properties', () => {
    expect(Reflect.ownKeys(clientWith())).toEqual([]);
  });

  it('ignores later changes of the options object', async () => {
    const scope = ['account.read'];
    const authorizationEndpoint = new URL('https://auth.example/oauth2');
    const options = { ...valid, scope, authorizationEndpoint };
    const client = new AuthorizationCodeClient(options);
    scope.push('file.delete');
    authorizationEndpoint.hostname = 'evil.example';
    options.redirectUri = 'https://evil.example/';
    const { url } = await client.authorize();
    expect(url.host).toBe('auth.example');
    expect(url.searchParams.get('scope')).toBe('account.read');
    expect(url.searchParams.get('redirect_uri')).toBe(valid.redirectUri);
  });
});

describe('authorize', () => {
  it('sets each parameter of the protocol once', async () => {
    const { url, state } = await clientWith({ scope: ['account.read', 'file.read'] }).authorize();
    expect([...url.searchParams]).toEqual([
      ['response_type', 'code'],
      ['client_id', 'app-1'],
      ['redirect_uri', 'https://app.example/callback'],
      ['scope', 'account.read file.read'],
      ['state', state],
      ['code_challenge', expect.stringMatching(/^[\w-]{43}$/)],
      ['code_challenge_method', 'S256'],
    ]);
    expect(url.hash).toBe('');
  });

  it('never puts the secret or the verifier into the URL', async () => {
    const { url } = await clientWith().authorize();
    expect(url.href).not.toContain('the-secret-of-app-1');
    expect(url.searchParams.has('code_verifier')).toBe(false);
  });

  it.each([
    'https://app.example',
    'HTTPS://App.Example:443/callback/../callback/',
    'https://app.example/a%2fb/%7Euser?x=1&y=a+b&z=%20#'.slice(0, -1),
    "https://app.example/cb?q=it's;(so)",
    'http://127.1:3000/cb',
    outOfBand,
  ])('sends the redirect URI %s byte for byte', async (redirectUri) => {
    const { url } = await clientWith({ redirectUri }).authorize();
    expect(url.searchParams.getAll('redirect_uri')).toEqual([redirectUri]);
    const raw = /[?&]redirect_uri=([^&]*)/.exec(url.href)?.[1] ?? '';
    expect(decodeURIComponent(raw.replaceAll('+', ' '))).toBe(redirectUri);
  });

  it('omits the scope if it is empty', async () => {
    const { url } = await clientWith().authorize();
    expect(url.searchParams.has('scope')).toBe(false);
  });

  it.each([
    ['the scope of the client', undefined, 'account.read'],
    ['the scope of the call instead of that of the client', ['file.read', 'tape.read'], 'file.read tape.read'],
    ['the scopes of older servers', ['docs', 'account', 'upload'], 'docs account upload'],
    ['no scope for an empty array', [], null],
  ])('requests %s', async (_, scope, expected) => {
    const { url } = await clientWith({ scope: ['account.read'] }).authorize(scope && { scope });
    expect(url.searchParams.get('scope')).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['a string', 'account.read'],
    ['null', null],
    ['two scopes in one string', ['account.read file.read']],
    ['an empty string', ['']],
    ['a line break', ['account.read\n']],
  ])('rejects a scope that is %s', async (_, scope) => {
    const refusal = await reasonOf(
      Reflect.apply(AuthorizationCodeClient.prototype.authorize, clientWith(), [{ scope }]),
    );
    expect(refusal).toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_argument',
      message: expect.stringMatching(/^scope\b/),
    });
  });

  it('preserves the query of the endpoint', async () => {
    const client = clientWith({ authorizationEndpoint: 'https://auth.example/oauth2?tenant=a%20b&realm=%C3%BC' });
    const { url } = await client.authorize();
    expect(url.searchParams.get('tenant')).toBe('a b');
    expect(url.searchParams.get('realm')).toBe('ü');
    expect(url.searchParams.get('client_id')).toBe('app-1');
  });

  it('adds params to the URL', async () => {
    const { url } = await clientWith().authorize({ params: { prompt: 'login', login_hint: 'alice & bob+ü' } });
    expect(url.searchParams.get('prompt')).toBe('login');
    expect(url.searchParams.get('login_hint')).toBe('alice & bob+ü');
    expect(url.searchParams.get('response_type')).toBe('code');
  });

  it.each([
    'response_type',
    'client_id',
    'client_secret',
    'redirect_uri',
    'scope',
    'state',
    'code_challenge',
    'code_challenge_method',
    'code_verifier',
  ])('does not let params override %s', async (name) => {
    const refusal = await reasonOf(clientWith().authorize({ params: { [name]: 'mine' } }));
    expect(refusal).toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_argument',
      message: expect.stringContaining(`params.${name}`),
    });
  });

  it.each<[string, unknown]>([
    ['a number as a value', { page: 1 }],
    ['undefined as a value', { page: undefined }],
    ['a string', 'a=b'],
    ['null', null],
    ['URLSearchParams, whose entries would be lost', new URLSearchParams({ prompt: 'login' })],
  ])('rejects params that are or contain %s', async (_, params) => {
    const refusal = await reasonOf(
      Reflect.apply(AuthorizationCodeClient.prototype.authorize, clientWith(), [{ params }]),
    );
    expect(refusal).toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_argument',
      message: expect.stringMatching(/^params\b/),
    });
  });

  it('rejects null as options with a ConfigurationError', async () => {
    const refusal = await reasonOf(Reflect.apply(AuthorizationCodeClient.prototype.authorize, clientWith(), [null]));
    expect(refusal).toMatchObject({ name: 'ConfigurationError', code: 'invalid_argument' });
  });

  it('creates a unique state of at least 128 bits', async () => {
    const client = clientWith();
    const states = await Promise.all(Array.from({ length: 200 }, async () => (await client.authorize()).state));
    expect(new Set(states).size).toBe(200);
    for (const state of states) expect(Buffer.from(state, 'base64url').length).toBeGreaterThanOrEqual(16);
    // a fixed or predictable character would have few values in 200 states
    const places = Array.from({ length: 21 }, (_, place) => new Set(states.map((state) => state[place])).size);
    expect(Math.min(...places)).toBeGreaterThan(16);
  });

  it('creates a state that needs no encoding', async () => {
    const { url, state } = await clientWith().authorize();
    expect(state).toMatch(/^[\w-]+$/);
    expect(url.href).toContain(`state=${state}&`);
  });

  it('creates a new challenge for every sign-in', async () => {
    const client = clientWith();
    const [first, second] = [await client.authorize(), await client.authorize()];
    expect(first.url.searchParams.get('code_challenge')).not.toBe(second.url.searchParams.get('code_challenge'));
    expect(first.pending).not.toBe(second.pending);
  });

  it('sends the S256 hash of the verifier that the token request contains', async () => {
    const forms: URLSearchParams[] = [];
    const client = clientWith({
      fetch: async (input, init) => {
        forms.push(new URLSearchParams(await new Request(input, init).text()));
        return Response.json({ access_token: 'token', token_type: 'Bearer' });
      },
    });
    const { url, state, pending } = await client.authorize();
    await client.exchange(`?code=some-code&state=${state}`, pending);
    const verifier = forms[0]?.get('code_verifier') ?? '';
    expect(verifier).toMatch(/^[\w.~-]{43,128}$/);
    expect(createHash('sha256').update(verifier).digest('base64url')).toBe(url.searchParams.get('code_challenge'));
  });

  it('sends no challenge without PKCE', async () => {
    const { url } = await clientWith({ pkce: false }).authorize();
    expect([...url.searchParams.keys()]).toEqual(['response_type', 'client_id', 'redirect_uri', 'state']);
  });

  it('returns an encrypted pending', async () => {
    const { url, state, pending } = await clientWith({ scope: ['file.read'] }).authorize();
    expect(pending).toMatch(/^[\w.-]+$/); // needs no encoding in a cookie
    const readable = pending
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
      .join('\n');
    for (const held of [state, 'app-1', 'app.example', 'file.read', url.searchParams.get('code_challenge') ?? '']) {
      expect(readable).not.toContain(held);
    }
  });

  it('returns a pending that fits in a cookie', async () => {
    const { pending } = await clientWith({ scope: ['account.read', 'file.read', 'file.update'] }).authorize();
    expect(pending.length).toBeLessThan(2_000);
  });

  it('sends no request', async () => {
    const client = clientWith({
      fetch: async () => {
        throw new Error('called');
      },
    });
    await expect(client.authorize()).resolves.toMatchObject({ url: expect.any(URL) });
  });

  it('returns a new URL object for every sign-in', async () => {
    const client = clientWith({ authorizationEndpoint: `${origin}/oauth2` });
    const first = await client.authorize();
    first.url.searchParams.set('client_id', 'spoiled');
    expect((await client.authorize()).url.searchParams.get('client_id')).toBe('app-1');
  });
});

describe('with the sandbox', () => {
  it('signs alice in', async () => {
    const sandbox = createSandbox();
    const client = codeClient(sandbox, origin, { issuer: origin });
    const { url, pending } = await client.authorize({ scope: ['account.read'] });
    const token = await client.exchange(await sandbox.authorize(url, { username: 'alice' }), pending);
    expect(token).toEqual({
      access_token: expect.stringMatching(/^[\w-]{20,}$/),
      token_type: 'Bearer',
      expires_at: expect.any(Number),
      scope: ['account.read'],
    });
    expect(JSON.parse(JSON.stringify(token))).toEqual(token);
  });

  it('signs alice in without PKCE', async () => {
    const sandbox = createSandbox();
    const client = codeClient(sandbox, origin, { pkce: false });
    const { url, pending } = await client.authorize();
    const token = await client.exchange(await sandbox.authorize(url, { username: 'alice' }), pending);
    expect(token.token_type).toBe('Bearer');
  });

  it('signs alice in out of band with a copied code', async () => {
    const sandbox = createSandbox();
    const client = codeClient(sandbox, origin, { redirectUri: outOfBand });
    const { url, state, pending } = await client.authorize();
    const callback = await sandbox.authorize(url, { username: 'alice' });
    const code = callback.searchParams.get('code') ?? '';
    const token = await client.exchange(new URLSearchParams({ code, state }), pending);
    expect(token.token_type).toBe('Bearer');
  });

  it('rejects with access_denied if alice declines', async () => {
    const sandbox = createSandbox();
    const client = codeClient(sandbox);
    const { url, pending } = await client.authorize();
    const callback = await sandbox.authorize(url, { username: 'alice', approve: false });
    expect(await reasonOf(client.exchange(callback, pending))).toMatchObject({
      name: 'OAuthError',
      code: 'access_denied',
    });
  });

  it('looks up the global fetch at every call', async () => {
    const sandbox = createSandbox();
    const app = sandbox.apps.find(({ type }) => type === 'server');
    const client = new AuthorizationCodeClient({
      clientId: app?.clientId ?? '',
      clientSecret: app?.clientSecret ?? '',
      redirectUri: 'http://localhost:3000/callback',
      authorizationEndpoint: `${origin}/oauth2`,
      tokenEndpoint: `${origin}/oauth2/token`,
    });
    vi.stubGlobal('fetch', sandbox.fetch);
    const { url, pending } = await client.authorize();
    const token = await client.exchange(await sandbox.authorize(url, { username: 'alice' }), pending);
    expect(token.token_type).toBe('Bearer');
  });
});
