import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSandbox } from '../../../src/sandbox.js';
import { AuthorizationCodeClient, type AuthorizationCodeClientOptions } from '../../../src/server.js';
import { appOf, codeClient, origin } from '../../support/sandbox.js';
import { reasonOf } from '../../support/scripted-server.js';

const valid: AuthorizationCodeClientOptions = {
  clientId: 'app-1',
  clientSecret: 'the-secret-of-app-1',
  redirectUri: 'https://app.example/callback',
};

function refusalOf(options: object): unknown {
  try {
    Reflect.construct(AuthorizationCodeClient, [{ ...valid, ...options }]);
  } catch (error) {
    return error;
  }
  throw new Error('the options were accepted');
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('an unknown option is rejected', () => {
  it.each([
    ['clientID', 'clientId'],
    ['client_secret', 'clientSecret'],
    ['redirectURI', 'redirectUri'],
    ['redirect_uri', 'redirectUri'],
    ['tokenEndPoint', 'tokenEndpoint'],
    ['scopes', 'scope'],
    ['previousSecret', 'previousSecrets'],
    ['allowInsecureHTTP', 'allowInsecureHttp'],
  ])('%s', (name, nearest) => {
    expect(refusalOf({ [name]: 'value-of-the-option' })).toMatchObject({
      name: 'ConfigurationError',
      code: 'unknown_option',
      message: `${name} is not an option; did you mean ${nearest}?`,
    });
  });

  it.each(['tokenUrl', 'token_url', 'authorizeUrl', 'baseUrl', 'state'])('%s, without a suggestion', (name) => {
    const refusal = refusalOf({ [name]: 'value-of-the-option' });
    expect(refusal).toMatchObject({
      code: 'unknown_option',
      message: expect.stringContaining(`${name} is not an option`),
    });
    expect(String(refusal)).not.toContain('value-of-the-option');
  });

  it('in authorize() and exchange(), without a request', async () => {
    const fetch = vi.fn();
    const client = new AuthorizationCodeClient({ ...valid, fetch });
    const { state, pending } = await client.authorize();
    const refused = { name: 'ConfigurationError', code: 'unknown_option' };
    expect(await reasonOf(Reflect.apply(client.authorize, client, [{ scopes: [] }]))).toMatchObject(refused);
    expect(await reasonOf(Reflect.apply(client.authorize, client, [{ state: 'mine' }]))).toMatchObject(refused);
    const callback = { code: 'some-code', state };
    const exchanged = Reflect.apply(client.exchange, client, [callback, pending, { timeout: 1 }]);
    expect(await reasonOf(exchanged)).toMatchObject(refused);
    expect(fetch).not.toHaveBeenCalled();
  });
});

describe('http on hosts other than loopback', () => {
  const options = {
    redirectUri: 'http://192.168.0.7:3000/callback',
    authorizationEndpoint: 'http://sandbox:4400/oauth2',
    tokenEndpoint: 'http://sandbox:4400/oauth2/token',
    issuer: 'http://sandbox:4400',
  };

  it('is accepted in every URL with allowInsecureHttp', async () => {
    const client = new AuthorizationCodeClient({ ...valid, ...options, allowInsecureHttp: true });
    const { url, cookieName } = await client.authorize();
    expect(url.href).toMatch(/^http:\/\/sandbox:4400\/oauth2\?/);
    expect(cookieName).toMatch(/^doctape-/); // browsers reject __Host- cookies of http pages
  });

  it.each(Object.entries(options))(
    'is rejected in %s without allowInsecureHttp, which the message names',
    (name, value) => {
      for (const allowInsecureHttp of [undefined, false]) {
        expect(refusalOf({ [name]: value, allowInsecureHttp })).toMatchObject({
          code: 'insecure_url',
          message: expect.stringMatching(new RegExp(`^${name} must be an https URL.*allowInsecureHttp: true`)),
        });
      }
    },
  );

  it('needs no option on subdomains of localhost', async () => {
    const client = new AuthorizationCodeClient({
      ...valid,
      redirectUri: 'http://app.localhost:3000/callback',
      authorizationEndpoint: 'http://doctape.localhost:4400/oauth2',
      tokenEndpoint: 'http://doctape.localhost:4400/oauth2/token',
      issuer: 'http://doctape.localhost:4400',
    });
    expect((await client.authorize()).url.host).toBe('doctape.localhost:4400');
  });

  it.each(['yes', 1, null])('rejects %j as allowInsecureHttp', (allowInsecureHttp) => {
    expect(refusalOf({ allowInsecureHttp })).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/^allowInsecureHttp must be true or false/),
    });
  });
});

describe('a native application', () => {
  it.each([
    'com.example.app:/callback',
    'com.example.app:/',
    'com.example.app://callback',
    'com.example.app://callback/path?from=doctape',
    'COM.Example.App:/callback',
    'com.googleusercontent.apps.123-abc:/oauth2redirect',
    'io.github.x+y:/cb',
  ])('may have the redirect URI %s, which is sent byte for byte', async (redirectUri) => {
    const { url } = await new AuthorizationCodeClient({ ...valid, redirectUri }).authorize();
    expect(url.searchParams.get('redirect_uri')).toBe(redirectUri);
  });

  it.each([
    'tauri://localhost',
    'myapp://callback',
    'myapp:/callback',
    'capacitor://localhost/cb',
    'exp://127.0.0.1:19000',
  ])('may not have %s, which has no dot', (redirectUri) => {
    expect(refusalOf({ redirectUri })).toMatchObject({
      code: 'insecure_url',
      message: expect.stringMatching(/^redirectUri has a private-use scheme without a dot.*com\.example\.app:/),
    });
  });

  it.each([
    ['a fragment', 'com.example.app:/callback#here', 'invalid_argument'],
    ['a user name', 'com.example.app://user@host/callback', 'invalid_argument'],
    ['a space', 'com.example.app:/call back', 'invalid_argument'],
    ['a line break', 'com.example.app:/call\nback', 'invalid_argument'],
    ['characters beyond ASCII', 'com.example.app:/ä', 'invalid_argument'],
    ['no slash', 'com.example.app:callback', 'invalid_argument'],
    ['nothing after the scheme', 'com.example.app:', 'invalid_argument'],
    ['a parameter that callbacks have', 'com.example.app:/callback?code=mine', 'invalid_argument'],
    ['an empty label', 'com..app:/callback', 'insecure_url'],
    ['a scheme that ends with a dot', 'com.example.:/callback', 'insecure_url'],
    ['only a host and a port', 'app.example:3000/callback', 'invalid_argument'],
    ['a script', 'javascript:alert(1)', 'insecure_url'],
    ['a file', 'file:///etc/passwd', 'insecure_url'],
    ['a web socket', 'wss://app.example/', 'insecure_url'],
    ['another URN', 'urn:ietf:wg:oauth:2.0:oob:auto', 'insecure_url'],
  ])('may not have a redirect URI with %s', (_, redirectUri, code) => {
    const refusal = refusalOf({ redirectUri });
    expect(refusal).toMatchObject({ name: 'ConfigurationError', code });
    expect(String(refusal)).toMatch(/ConfigurationError: redirectUri /);
  });

  it('cannot have endpoints with a private-use scheme', () => {
    expect(refusalOf({ tokenEndpoint: 'com.example.app:/token' })).toMatchObject({ code: 'insecure_url' });
  });

  it('signs in with the sandbox', async () => {
    const redirectUri = 'com.example.app:/callback';
    const defaults = createSandbox();
    const app = { ...appOf(defaults, 'server'), redirectUris: [redirectUri] };
    const sandbox = createSandbox({ apps: [app] });
    const client = codeClient(sandbox, origin, { redirectUri });
    const { url, pending } = await client.authorize();
    const callback = await sandbox.authorize(url, { username: 'alice' });
    expect(callback.href).toMatch(/^com\.example\.app:\/callback\?/);
    for (const form of [callback, callback.href]) expect(client.cookieName(form)).toBe(client.cookieName(callback));
    expect((await client.exchange(callback, pending)).token_type).toBe('Bearer');
  });
});

describe('without WebCrypto', () => {
  it.each<[string, unknown]>([
    ['as in a page loaded over http', { getRandomValues: () => {}, randomUUID: () => '' }],
    ['as in jsdom', { getRandomValues: () => {}, subtle: undefined }],
    ['as in an old runtime', undefined],
    ['with an incomplete crypto.subtle', { getRandomValues: () => {}, subtle: { digest: () => {} } }],
  ])('throws an error that names crypto.subtle and the remedy: %s', async (_, crypto) => {
    const fetch = vi.fn();
    const client = new AuthorizationCodeClient({ ...valid, fetch });
    const { state, pending } = await client.authorize();
    vi.stubGlobal('crypto', crypto);
    const missing = {
      name: 'ConfigurationError',
      code: 'unsupported_platform',
      message: expect.stringMatching(/^crypto\.subtle is missing: .*https or on localhost/),
    };
    const another = new AuthorizationCodeClient({ ...valid, fetch });
    const open = new AuthorizationCodeClient({ clientId: 'app-1', redirectUri: valid.redirectUri, fetch });
    for (const one of [client, another, open]) {
      expect(await reasonOf(one.authorize())).toMatchObject(missing);
      expect(await reasonOf(one.returnTo(pending))).toMatchObject(missing);
      expect(await reasonOf(one.exchange({ code: 'some-code', state }, pending))).toMatchObject(missing);
    }
    expect(fetch).not.toHaveBeenCalled();
  });
});

it('the client looks up Date.now at every call, so that later fake timers apply', async () => {
  const client = new AuthorizationCodeClient({
    ...valid,
    fetch: async () => Response.json({ access_token: 'token-of-alice', token_type: 'Bearer', expires_in: 60 }),
  });
  vi.useFakeTimers({ toFake: ['Date'], now: 1_400_000_000_000 });
  const [first, second] = [await client.authorize(), await client.authorize()];
  const token = await client.exchange({ code: 'some-code', state: first.state }, first.pending);
  expect(token.expires_at).toBe(1_400_000_060);
  vi.setSystemTime(1_400_000_000_000 + 600_000);
  const late = client.exchange({ code: 'some-code', state: second.state }, second.pending);
  expect(await reasonOf(late)).toMatchObject({ code: 'state_expired' });
});

describe('a network failure', () => {
  const failing = { fetch: async () => Promise.reject(new TypeError('fetch failed')) };

  it("at doctape's host says that doctape was retired and names the option for another server", async () => {
    const client = new AuthorizationCodeClient({ ...valid, ...failing });
    const { state, pending } = await client.authorize();
    expect(await reasonOf(client.exchange({ code: 'some-code', state }, pending))).toMatchObject({
      name: 'NetworkError',
      code: 'network',
      message: expect.stringMatching(/retired in 2014.*tokenEndpoint/),
    });
  });

  it('at another host does not mention doctape', async () => {
    const client = new AuthorizationCodeClient({ ...valid, ...failing, tokenEndpoint: 'https://auth.example/token' });
    const { state, pending } = await client.authorize();
    const error = await reasonOf(client.exchange({ code: 'some-code', state }, pending));
    expect(error).toMatchObject({ name: 'NetworkError' });
    expect(String(error)).not.toContain('retired');
  });
});

it('a used sign-in is rejected as used, and after maxAge as expired', async () => {
  let now = 0;
  const client = new AuthorizationCodeClient({
    ...valid,
    pkce: false,
    now: () => now,
    fetch: async () => Response.json({ access_token: 'token-of-alice', token_type: 'Bearer' }),
  });
  const exchange = ({ state, pending }: { state: string; pending: string }) =>
    client.exchange({ code: 'some-code', state }, pending);
  const first = await client.authorize();
  await exchange(first);
  expect(await reasonOf(exchange(first))).toMatchObject({ code: 'state_used' });
  now = 300_000;
  const later = await client.authorize();
  await exchange(later);
  now = 700_000;
  expect(await reasonOf(exchange(first))).toMatchObject({ code: 'state_expired' });
  expect(await reasonOf(exchange(later))).toMatchObject({ code: 'state_used' });
});
