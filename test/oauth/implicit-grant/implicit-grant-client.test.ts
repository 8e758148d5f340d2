import { inspect } from 'node:util';
import { describe, expect, it, vi } from 'vitest';
import { ImplicitGrantClient, type ImplicitGrantClientOptions, type Token } from '../../../src/browser.js';
import { CallbackError, ConfigurationError, OAuthError, ResponseError, StorageError } from '../../../src/index.js';
import { createSandbox } from '../../../src/sandbox.js';
import { memoryStorage, Page } from '../../support/page.js';
import { appOf } from '../../support/sandbox.js';
import { thrown } from '../../support/scripted-server.js';

const redirectUri = 'https://app.example/signed-in';

/** The storage key of a pending sign-in. */
const signInKey = 'doctape-sdk:sign-in:app@my.doctape.com%2Foauth2:';
const accessToken = 'token-0123456789-abcdef';

interface Browser {
  page: Page;
  storage: ReturnType<typeof memoryStorage>;
  tokenStorage: ReturnType<typeof memoryStorage>;
  client: ImplicitGrantClient;
  /** Another page in the same browser, for example after a reload. */
  open: (href: string, options?: Partial<ImplicitGrantClientOptions>) => { page: Page; client: ImplicitGrantClient };
}

function browser(options: Partial<ImplicitGrantClientOptions> = {}): Browser {
  const storage = memoryStorage();
  const tokenStorage = memoryStorage();
  const open: Browser['open'] = (href, more = {}) => {
    const page = new Page(href);
    const client = new ImplicitGrantClient({
      clientId: 'app',
      redirectUri,
      scope: ['file.read', 'account.read'],
      storage,
      tokenStorage,
      location: page,
      history: page,
      ...options,
      ...more,
    });
    return { page, client };
  };
  return { ...open('https://app.example/files?view=grid#/holiday'), storage, tokenStorage, open };
}

/** A callback as the server sends it. */
function callback(parameters: Record<string, string>, where: '#' | '?' = '#'): string {
  const encoded = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${redirectUri}${where}${encoded.join('&')}`;
}

function success(state: string, more: Record<string, string> = {}): string {
  return callback({ state, access_token: accessToken, token_type: 'Bearer', expires_in: '157680000', ...more });
}

function failure(action: () => unknown): { name: string; code: string; message: string } {
  try {
    action();
  } catch (error) {
    expect(inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error)).not.toContain(accessToken);
    if (error instanceof CallbackError || error instanceof OAuthError || error instanceof ResponseError) return error;
    throw error;
  }
  throw new Error('it did not throw');
}

describe('authorize', () => {
  it('returns the authorization URL of the implicit grant with a new state', () => {
    const { client } = browser();
    const first = client.authorize();
    expect(`${first.url.origin}${first.url.pathname}`).toBe('https://my.doctape.com/oauth2');
    expect(Object.fromEntries(first.url.searchParams)).toEqual({
      response_type: 'token',
      client_id: 'app',
      redirect_uri: redirectUri,
      scope: 'file.read account.read',
      state: first.state,
    });
    expect(first.state).toMatch(/^[\w-]{43}$/);
    expect(client.authorize().state).not.toBe(first.state);
  });

  it('requests the scope of the call, which may be empty', () => {
    const { client } = browser();
    expect(client.authorize({ scope: ['tape.read'] }).url.searchParams.get('scope')).toBe('tape.read');
    expect(client.authorize({ scope: [] }).url.searchParams.has('scope')).toBe(false);
  });

  it('adds params to the URL and rejects those of the protocol', () => {
    const { client } = browser();
    expect(client.authorize({ params: { lang: 'de' } }).url.searchParams.get('lang')).toBe('de');
    expect(() => client.authorize({ params: { state: 'mine' } })).toThrow(ConfigurationError);
  });

  it('removes expired sign-ins', () => {
    let now = 1_000_000;
    const { client, storage } = browser({ now: () => now });
    client.authorize();
    now += 601_000;
    client.authorize();
    expect(storage.entries.size).toBe(1);
  });

  it('navigates to the URL in signIn()', () => {
    const { client, page, storage } = browser();
    client.signIn({ params: { lang: 'de' } });
    expect(page.visited).toHaveLength(1);
    const url = new URL(page.visited[0] ?? '');
    expect(url.searchParams.get('lang')).toBe('de');
    expect([...storage.entries.keys()]).toEqual([`${signInKey}${url.searchParams.get('state')}`]);
  });
});

describe('resume', () => {
  it('returns the token and granted scope of a callback', () => {
    const { client, open } = browser({ now: () => 1_700_000_000_500 });
    const { state } = client.authorize();
    const back = open(success(state, { scope: 'file.read' }));
    expect(back.client.resume()).toEqual({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_at: 1_700_000_000 + 157_680_000,
      scope: ['file.read'],
    });
  });

  it('uses the requested scope if the callback has none', () => {
    const { client, open } = browser();
    expect(open(success(client.authorize().state)).client.resume()?.scope).toEqual(['file.read', 'account.read']);
    const bare = open('https://app.example/', { scope: undefined }).client.authorize().state;
    expect(open(success(bare)).client.resume()).not.toHaveProperty('scope');
  });

  it('reads callbacks of the sandbox and of the original doctape', async () => {
    const sandbox = createSandbox();
    const { clientId } = appOf(sandbox, 'client');
    const local = 'http://localhost:3000/';
    const options = { clientId, redirectUri: local, authorizationEndpoint: 'http://localhost/oauth2' };
    const { open } = browser({ ...options, issuer: 'http://localhost' });
    const { client } = open(local);
    const { url } = client.authorize();
    const back = await sandbox.authorize(url, { username: 'alice' });
    const token = open(back.href).client.resume();
    expect(token).toMatchObject({ token_type: 'Bearer', scope: ['file.read', 'account.read'] });

    const denied = await sandbox.authorize(client.authorize().url, { username: 'alice', approve: false });
    expect(failure(() => open(denied.href).client.resume())).toMatchObject({
      name: 'OAuthError',
      code: 'access_denied',
    });

    const { state } = client.authorize();
    const captured = `${local}#state=${state}&access_token=${accessToken}&token_type=Bearer&expires_in=157680000&scope=account.read%20file.read&iss=http%3A%2F%2Flocalhost`;
    expect(open(captured).client.resume()?.scope).toEqual(['account.read', 'file.read']);
  });

  it('removes only the callback from the URL', () => {
    const { client, open } = browser();
    const { state } = client.authorize();
    const { page, client: back } = open(success(state).replace('#', '?lang=de&q=a%20b+c&flag#'));
    back.resume();
    expect(page.href).toBe(`${redirectUri}?lang=de&q=a%20b+c&flag`);
    expect(page.state).toEqual({ scrolled: 120 });
  });

  it('removes the callback from the URL before it can fail', () => {
    const { open } = browser();
    for (const href of [success('unknown'), callback({ access_token: accessToken }, '?'), callback({ error: '%' })]) {
      const { page, client } = open(href);
      failure(() => client.resume());
      expect(page.href).toBe(redirectUri);
    }
  });

  it.each([
    '',
    '#',
    '#section-2',
    '#/route?tab=1',
    '?lang=de',
    '?code=SUMMER24',
    '?state=open',
    '?scope=all',
    '#tab=2',
    '#/error=1',
    '#error',
    '#code',
    '?error',
    '#access_token',
    '#state=open',
    '#code=7',
    '#tab=2&state=open',
    '?state=open&scope=all',
    '#error=',
    '?error=',
    '#access_token=',
    '#access_token=&error=&state=open',
    '#state=open&code=&token_type=',
    '#/route?state=open',
    '#/route?state=open&error=',
    '#/?error=1',
    '#?error=1',
    '#!/error=1',
    '#/state=open',
    '#/users/state=open',
    '#/access_token=',
    '#/login?error=1&state=open',
    '#/login&error=1&state=open',
    '#/access_tokens?page=2',
    '#/my_access_token=1',
    '#/access_token%3D',
    '#route?state=open&error=',
    '#section#state=open',
    '#route?error=1',
  ])('does not change a URL that ends in %j', (end) => {
    const { open } = browser();
    const { page, client } = open(redirectUri + end);
    expect(client.resume()).toBeUndefined();
    expect(page.href).toBe(redirectUri + end);
    expect(failure(() => client.handleCallback())).toMatchObject({ code: 'malformed_callback' });
  });

  it.each(['#error=1', '#state=open', '?error=expired', '#code=7'])(
    'does not change the URL of another page that ends in %j',
    (end) => {
      const { open } = browser();
      const { page, client } = open(`https://app.example/files${end}`);
      expect(client.resume()).toBeUndefined();
      expect(page.href).toBe(`https://app.example/files${end}`);
    },
  );

  it.each(['#/files?sort=name&state=open', '#!/orders?page=2&code=SUMMER', '#/login?next=a&error=1'])(
    'does not change the route %j',
    (end) => {
      const { page, client } = browser().open(redirectUri + end);
      expect(client.resume()).toBeUndefined();
      expect(page.href).toBe(redirectUri + end);
    },
  );

  it.each(['?code=4/abc&state=of-another-provider', '#access_token=theirs&state=of-another-provider'])(
    'ignores the callback %j of another provider on another page',
    (end) => {
      const { client: ownClient, open } = browser();
      ownClient.authorize();
      const { page, client } = open(`https://app.example/other-provider${end}`);
      expect(client.resume()).toBeUndefined();
      expect(page.href).toBe(`https://app.example/other-provider${end}`);
    },
  );

  it('reads an error from the query (as doctape documents it) and from the fragment', () => {
    for (const where of ['?', '#'] as const) {
      const { client, open } = browser();
      const { state } = client.authorize();
      const { page, client: back } = open(
        callback({ error: 'access_denied', error_description: 'no\u0007', state }, where),
      );
      expect(failure(() => back.resume())).toMatchObject({
        name: 'OAuthError',
        code: 'access_denied',
        description: 'no',
      });
      expect(page.href).toBe(redirectUri);
      expect(back.returnTo).toBe('/files?view=grid#/holiday');
    }
  });

  it('accepts an error only with a pending state, and uses up the state', () => {
    const { client, open } = browser();
    const { state } = client.authorize();
    expect(failure(() => open(callback({ error: 'access_denied' })).client.resume()).code).toBe('state_missing');
    expect(failure(() => open(callback({ error: 'access_denied', state: 'x' })).client.resume()).code).toBe(
      'state_mismatch',
    );
    expect(failure(() => open(callback({ error: 'access_denied', state })).client.resume()).code).toBe('access_denied');
    expect(failure(() => open(success(state)).client.resume()).code).toBe('state_mismatch');
  });
});

describe('a hostile or broken callback', () => {
  const { client: app, open, storage, tokenStorage } = browser({ issuer: 'https://my.doctape.com' });
  const iss = 'https://my.doctape.com';
  const good = () => success(app.authorize().state, { iss });

  it.each<[string, string, (href: string) => string]>([
    ['a second state', 'malformed_callback', (href) => `${href}&state=x`],
    ['a second access_token', 'malformed_callback', (href) => `${href}&access_token=${accessToken}`],
    [
      'the same token again in the query',
      'malformed_callback',
      (href) => href.replace('#', `?access_token=${accessToken}#`),
    ],
    ['a state in the query too', 'malformed_callback', (href) => href.replace('#', '?state=x#')],
    ['a second error', 'malformed_callback', (href) => `${href}&error=a&error=b`],
    ['a broken escape', 'malformed_callback', (href) => href.replace('157680000', '%zz')],
    ['invalid UTF-8', 'malformed_callback', (href) => href.replace(accessToken, '%ff%fe')],
    ['no state', 'state_missing', (href) => href.replace(/state=[^&]+&/, '')],
    ['an empty state', 'state_missing', (href) => href.replace(/state=[^&]+/, 'state=')],
    ['an unknown state', 'state_mismatch', (href) => href.replace(/state=[^&]+/, 'state=unknown')],
    ['the state __proto__', 'state_mismatch', (href) => href.replace(/state=[^&]+/, 'state=__proto__')],
    ['a prefix of the state', 'state_mismatch', (href) => href.replace(/state=([^&]{20})[^&]+/, 'state=$1')],
    ['no issuer', 'issuer_mismatch', (href) => href.replace(/&iss=.+/, '')],
    ['another issuer', 'issuer_mismatch', (href) => href.replace(/&iss=.+/, '&iss=https%3A%2F%2Fevil.example')],
    ['another path', 'malformed_callback', (href) => href.replace('/signed-in', '/elsewhere')],
    ['another origin', 'malformed_callback', (href) => href.replace('app.example', 'app.example.evil.example')],
    ['its token in the query', 'malformed_callback', (href) => href.replace('#', '?')],
    ['a code instead of a token', 'malformed_callback', (href) => href.replace('access_token=', 'code=')],
    ['a code in addition to the token', 'malformed_callback', (href) => `${href}&code=abc`],
    ['neither token nor error', 'malformed_callback', (href) => href.replace(/access_token=[^&]+&/, '')],
    ['an empty token', 'malformed_callback', (href) => href.replace(accessToken, '')],
    ['a token with a line break', 'malformed_callback', (href) => href.replace(accessToken, 'a%0Ab')],
    ['no token_type', 'malformed_callback', (href) => href.replace('&token_type=Bearer', '')],
    ['another token_type', 'unsupported_token_type', (href) => href.replace('Bearer', 'mac')],
    ['an expires_in that is not a number', 'malformed_callback', (href) => href.replace('157680000', '1e9')],
    ['a malformed scope', 'malformed_callback', (href) => `${href}&scope=a%22b`],
    ['a malformed error', 'malformed_callback', (href) => `${href}&error=%07`],
    ['an oversized parameter', 'malformed_callback', (href) => `${href}&more=${'x'.repeat(40_000)}`],
  ])('with %s is rejected with %s, is removed from the URL and stores no token', (_what, code, tamper) => {
    const other = app.authorize().state;
    const href = tamper(good());
    const { page, client } = open(href);
    expect(failure(() => client.resume()).code).toBe(code);
    expect(page.href).not.toMatch(/state|token|#|code/);
    expect(page.href).toBe(href.replace(/[?#].*/, ''));
    expect(tokenStorage.entries.size).toBe(0);
    expect(client.resume()).toBeUndefined();
    expect(storage.entries.has(`${signInKey}${other}`)).toBe(true);
  });

  it('is not quoted in the error', () => {
    const { state } = app.authorize();
    const parameters = {
      error: 'access_denied',
      error_description: `${accessToken} ${state}`,
      access_token: accessToken,
    };
    const error = failure(() => open(callback({ ...parameters, state, iss })).client.resume());
    expect(inspect(error)).not.toContain(state);
  });

  it('may have empty parameters beside those with a value, also in the query', () => {
    const empty = 'access_token=&state=&code=&error=&iss=&token_type&expires_in=&scope=';
    const { client, page } = open(good().replace('#', `?${empty}&keep=1#${empty}&`).concat(`&${empty}`));
    expect(client.resume()?.access_token).toBe(accessToken);
    expect(page.href).toBe(`${redirectUri}?keep=1`);
    client.signOut();
  });

  it('may have unknown parameters with any value', () => {
    const { client } = open(`${good()}&__proto__=1&constructor=%zz&x=1&x=2&=&&%ff=1`);
    expect(client.resume()?.access_token).toBe(accessToken);
    client.signOut();
  });
});

/** How routers rewrite `#callback` before the application runs, and the fragment that must remain. */
const rewritten: [string, (parameters: string) => string, string][] = [
  ['Vue Router, React Router 5, angular-oauth2-oidc', (parameters) => `#/${parameters}`, ''],
  ['a hashbang router', (parameters) => `#!/${parameters}`, ''],
  ['a hashbang router without a slash', (parameters) => `#!${parameters}`, ''],
  ['a router that treats it as a query', (parameters) => `#?${parameters}`, ''],
  ['a router that treats it as the query of the start page', (parameters) => `#/?${parameters}`, ''],
  ['a router that doubles the slash', (parameters) => `#//${parameters}`, ''],
  ['a route with a query', (parameters) => `#/route?${parameters}`, '#/route'],
  ['a route with an ampersand', (parameters) => `#/route&${parameters}`, '#/route'],
  ['a route with a slash', (parameters) => `#/route/${parameters}`, '#/route/'],
  ['a route with a second hash', (parameters) => `#/route#${parameters}`, '#/route'],
  ['a route without a slash', (parameters) => `#route?${parameters}`, '#route'],
  ['Backbone', (parameters) => `#auth/callback#${parameters}`, '#auth/callback'],
  ['a route with its own query', (parameters) => `#/route?sort=name&${parameters}&page=2`, '#/route?sort=name&page=2'],
  ['a hashbang route', (parameters) => `#!/route?${parameters}`, '#!/route'],
  ["Angular's router", (parameters) => `#/${parameters.replaceAll('=', '%3D')}`, ''],
  ["Angular's router, in lower case", (parameters) => `#/${parameters.replaceAll('=', '%3d')}`, ''],
  ["Angular's router, in a route", (parameters) => `#/route&${parameters.replaceAll('=', '%3D')}`, '#/route'],
];

describe.each(rewritten)('a fragment rewritten by %s', (_who, rewrite, left) => {
  const rewriteHash = (href: string) => href.replace(/#(.*)/, (_hash, parameters) => rewrite(parameters));

  it('is the callback of the pending sign-in', () => {
    const { client, open } = browser({ now: () => 1_700_000_000_000 });
    const href = rewriteHash(success(client.authorize().state, { scope: 'file.read account.read' }));
    const back = open(href);
    expect(back.client.resume()).toEqual({
      access_token: accessToken,
      token_type: 'Bearer',
      expires_at: 1_700_000_000 + 157_680_000,
      scope: ['file.read', 'account.read'],
    });
    expect(back.page.href).toBe(redirectUri + left);
    expect(back.client.returnTo).toBe('/files?view=grid#/holiday');
    expect(failure(() => open(href).client.resume()).code).toBe('state_mismatch');
    expect(client.handleCallback(rewriteHash(success(client.authorize().state)))).toBeDefined();
  });

  it('is the denial of the pending sign-in', () => {
    const { client, open } = browser();
    const { page, client: back } = open(
      rewriteHash(callback({ error: 'access_denied', error_description: 'no', state: client.authorize().state })),
    );
    expect(failure(() => back.resume())).toMatchObject({ code: 'access_denied', description: 'no' });
    expect(page.href).toBe(redirectUri + left);
  });

  it('is rejected and removed if its state is not pending', () => {
    const { client, open, storage } = browser();
    client.authorize();
    for (const state of ['unknown', '', 'state%3Dx']) {
      const { page, client: back } = open(rewriteHash(success(state)));
      expect(failure(() => back.resume()).code).toBe(state ? 'state_mismatch' : 'state_missing');
      expect(page.href).toBe(redirectUri + left);
    }
    const { page, client: back } = open(rewriteHash(`${redirectUri}#access_token=${accessToken}`));
    expect(failure(() => back.resume()).code).toBe('state_missing');
    expect(page.href).toBe(redirectUri + left);
    expect(storage.entries.size).toBe(1);
  });

  it('is ignored by other clients', () => {
    const { client, open } = browser();
    const href = rewriteHash(success(client.authorize().state));
    const { page, client: other } = open(href, { clientId: 'other' });
    expect(other.resume()).toBeUndefined();
    expect(page.href).toBe(href);
  });

  it('is removed from the state of the history entry, in which routers store the URL', () => {
    const { client, open } = browser();
    const href = rewriteHash(success(client.authorize().state));
    const { page, client: back } = open(href);
    const current = new URL(href).hash.slice(1);
    page.state = { back: null, current, url: href, scroll: { left: 0, top: 7 }, position: 1 };
    back.resume();
    expect(JSON.stringify(page.state)).not.toContain(accessToken);
    expect(page.state).toMatchObject({ back: null, scroll: { left: 0, top: 7 }, position: 1 });
  });
});

it('preserves the route if the query contains an error', () => {
  const { client, open } = browser();
  const { state } = client.authorize();
  const { page, client: back } = open(`${callback({ error: 'access_denied', state }, '?')}#/route?tab=1`);
  expect(failure(() => back.resume()).code).toBe('access_denied');
  expect(page.href).toBe(`${redirectUri}#/route?tab=1`);
});

it('preserves a history state that is not a plain object', () => {
  const { client, open } = browser();
  for (const kept of [null, 'text', 7, [1], new Map([['a', 1]]), new Date(0)]) {
    const { page, client: back } = open(success(client.authorize().state));
    page.state = kept;
    back.resume();
    expect(page.state).toBe(kept);
  }
});

describe('a callback on another path than that of redirectUri', () => {
  it.each(['/signed-in/', '/signed-in/index.html', '/Signed-in', '/signed-in.html', '/de/signed-in'])(
    'is rejected on %s with both paths and the remedy in the message',
    (path) => {
      const { client, open } = browser();
      const href = success(client.authorize().state).replace('/signed-in', path);
      const { page, client: back } = open(href);
      const { code, message } = failure(() => back.resume());
      expect(code).toBe('malformed_callback');
      expect(message).toContain(`arrived at https://app.example${path}, but redirectUri is ${redirectUri}:`);
      expect(message).toContain(`register https://app.example${path}`);
      expect(page.href).toBe(`https://app.example${path}`);
    },
  );

  it('does not reveal a credential in the path', () => {
    const { client, open } = browser();
    const href = success(client.authorize().state).replace('/signed-in', `/${accessToken}/`);
    expect(failure(() => open(href).client.resume()).message).toContain('[redacted]');
  });

  it('does not suggest registering a page of another origin', () => {
    const { client } = browser();
    const href = success(client.authorize().state).replace('app.example', 'evil.example');
    expect(failure(() => client.handleCallback(href)).message).not.toContain('register');
  });
});

describe('the current token', () => {
  it('is returned without reading the URL', () => {
    const { client, open } = browser();
    expect(client.token).toBeUndefined();
    const { page, client: back } = open(success(client.authorize().state));
    expect(back.token).toBeUndefined();
    expect(page.href).toContain(accessToken);
    const token = back.resume();
    expect([back.token, client.token]).toEqual([token, token]);
    client.signOut();
    expect(back.token).toBeUndefined();
  });

  it('is passed to listeners after a sign-in and a sign-out until they are removed', async () => {
    const { client } = browser();
    const tokens: (Token | undefined)[] = [];
    const stop = client.onTokenChange((token) => tokens.push(token));
    const stopTwice = client.onTokenChange((token) => tokens.push(token));
    const token = client.handleCallback(success(client.authorize().state));
    expect(tokens).toEqual([]); // not during the sign-in
    await Promise.resolve();
    expect(tokens).toEqual([token, token]);
    stopTwice();
    client.signOut();
    await Promise.resolve();
    expect(tokens).toEqual([token, token, undefined]);
    stop();
    client.handleCallback(success(client.authorize().state));
    await Promise.resolve();
    expect(tokens).toHaveLength(3);
  });

  // mainmatter/ember-simple-auth#254: other tabs saw the next sign-in as a sign-out
  it('is replaced in one step by the next sign-in', () => {
    const { client, tokenStorage } = browser();
    client.handleCallback(success(client.authorize().state));
    const remove = vi.spyOn(tokenStorage, 'removeItem');
    const second = client.handleCallback(success(client.authorize().state, { expires_in: '60' }));
    expect(remove).not.toHaveBeenCalled();
    expect(client.token).toEqual(second);
  });

  it('is not passed to a listener that was removed directly after the sign-in', async () => {
    const { client } = browser();
    const tokens: (Token | undefined)[] = [];
    const stop = client.onTokenChange((token) => tokens.push(token));
    client.handleCallback(success(client.authorize().state));
    stop();
    await Promise.resolve();
    expect(tokens).toEqual([]);
  });

  it('rejects a listener that is not a function', () => {
    const { client } = browser();
    expect(thrown(() => Reflect.apply(client.onTokenChange, client, ['x']), ConfigurationError).message).toContain(
      'listener must be a function',
    );
  });
});

describe('sign-ins at the same time', () => {
  it('can finish in any order', () => {
    const { open } = browser();
    const states = [1, 2, 3].map(() => open('https://app.example/').client.authorize().state);
    for (const state of states.reverse()) expect(open(success(state)).client.resume()).toBeDefined();
  });

  it('stay pending after the callback of another sign-in', () => {
    const { client, open } = browser();
    const { state } = client.authorize();
    failure(() => open(success('unknown')).client.resume());
    expect(open(success(state)).client.resume()).toBeDefined();
  });

  it.each<[string, Partial<ImplicitGrantClientOptions>]>([
    ['another server', { authorizationEndpoint: 'https://elsewhere.example/oauth2' }],
    ['another application', { clientId: 'other' }],
    ['an application whose id has the same prefix', { clientId: 'app:' }],
  ])('of %s on the same page are ignored', (_what, options) => {
    const { client, open, tokenStorage } = browser();
    for (const respond of [success, (state: string) => callback({ state, error: 'access_denied' }, '?')]) {
      const href = respond(client.authorize().state);
      const { page, client: other } = open(href, options);
      expect(other.resume()).toBeUndefined();
      expect(page.href).toBe(href);
      expect(failure(() => other.handleCallback(href)).code).toBe('state_mismatch');
      if (respond === success) expect(open(href).client.resume()).toBeDefined();
      else expect(failure(() => open(href).client.resume()).code).toBe('access_denied');
    }
    expect(tokenStorage.entries.size).toBe(1);
    expect(open('https://app.example/', options).client.resume()).toBeUndefined();
  });

  it('of another client are rejected and removed if they are expired or malformed', () => {
    let now = 1_000_000;
    const { client, open, storage } = browser({ now: () => now });
    for (const tamper of [() => (now += 600_000), (key: string) => storage.setItem(key, '{}')]) {
      const { state } = client.authorize();
      tamper(signInKey + state);
      const { page, client: other } = open(success(state), { clientId: 'other' });
      expect(failure(() => other.resume()).code).toBe('state_mismatch');
      expect(page.href).toBe(redirectUri);
    }
  });

  it('are removed only by their own client', () => {
    let now = 1_000_000;
    const { client, open, storage } = browser({ now: () => now });
    client.authorize();
    now += 601_000;
    open('https://app.example/', { clientId: 'other' }).client.authorize();
    expect(storage.entries.size).toBe(2);
    client.authorize();
    expect(storage.entries.size).toBe(2);
  });

  it('expire after maxAge', () => {
    let now = 5_000_000;
    const { client, open } = browser({ now: () => now, maxAge: 60 });
    const early = client.authorize().state;
    now += 59_999;
    expect(open(success(early)).client.resume()).toBeDefined();
    const late = client.authorize().state;
    now += 60_000;
    expect(failure(() => open(success(late)).client.resume()).code).toBe('state_expired');
    expect(failure(() => open(success(late)).client.resume()).code).toBe('state_mismatch');
  });

  it('can be used once', () => {
    const { client, open } = browser();
    const href = success(client.authorize().state);
    const { client: back } = open(href);
    expect(back.handleCallback(href)).toBeDefined();
    expect(failure(() => back.handleCallback(href)).code).toBe('state_used');
    expect(failure(() => open(href).client.resume()).code).toBe('state_mismatch');
  });
});

describe('handleCallback', () => {
  it('accepts another URL than that of the page, and does not change the page', () => {
    const { client, page } = browser();
    const token = client.handleCallback(new URL(success(client.authorize().state)));
    expect(token.access_token).toBe(accessToken);
    expect(page.href).toBe('https://app.example/files?view=grid#/holiday');
    expect(client.resume()).toEqual(token);
  });

  it('accepts a URL of another realm, and so does returnTo', () => {
    const { client } = browser();
    const foreign = (text: string): URL => {
      const { href, searchParams } = new URL(text);
      return { href, searchParams } as URL;
    };
    const { state } = client.authorize({ returnTo: foreign('https://app.example/files') });
    expect(client.handleCallback(foreign(success(state))).access_token).toBe(accessToken);
    expect(client.returnTo).toBe('/files');
  });

  it('removes the callback if it is the URL of the page', () => {
    const { client, open } = browser();
    const back = open(`${success(client.authorize().state)}`);
    expect(back.client.handleCallback(back.page.href).access_token).toBe(accessToken);
    expect(back.page.href).toBe(redirectUri);
  });

  it('rejects a value that is not a URL', () => {
    const { client } = browser();
    expect(thrown(() => client.handleCallback('/signed-in#access_token=x'), ConfigurationError).code).toBe(
      'invalid_argument',
    );
  });
});

describe('the stored token', () => {
  function signedIn(options: Partial<ImplicitGrantClientOptions> = {}) {
    const made = browser(options);
    const back = made.open(success(made.client.authorize().state));
    return { ...made, ...back, token: back.client.resume() as Token };
  }

  it('survives a reload', () => {
    const { open, token } = signedIn();
    expect(open('https://app.example/').client.resume()).toEqual(token);
  });

  it('is removed by signOut() for all pages', () => {
    const { client, open, tokenStorage } = signedIn();
    const other = open('https://app.example/').client;
    client.signOut();
    expect(tokenStorage.entries.size).toBe(0);
    expect(client.resume()).toBeUndefined();
    expect(other.resume()).toBeUndefined();
  });

  it('is removed when it has expired', () => {
    let now = 1_000_000_000;
    const { client, tokenStorage } = signedIn({ now: () => now });
    now += 157_680_001_000;
    expect(client.resume()).toBeUndefined();
    expect(tokenStorage.entries.size).toBe(0);
  });

  it('is only in memory with tokenStorage: null', () => {
    const { client, open, token, storage } = signedIn({ tokenStorage: null });
    expect(client.resume()).toEqual(token);
    expect([...storage.entries.values()].join()).not.toContain(accessToken);
    expect(open('https://app.example/').client.resume()).toBeUndefined();
    client.signOut();
    expect(client.resume()).toBeUndefined();
  });

  it.each([
    'null',
    '7',
    '"text"',
    '{',
    '{}',
    '[]',
    '{"access_token":"a b\\u0000","token_type":"Bearer"}',
    '{"access_token":"abcdef","token_type":"mac"}',
    '{"access_token":"abcdef","token_type":"Bearer","expires_at":"never"}',
    '{"access_token":"abcdef","token_type":"Bearer","scope":"file.read"}',
  ])('is undefined if the storage contains %s', (text) => {
    const { open, tokenStorage } = signedIn();
    for (const key of tokenStorage.entries.keys()) tokenStorage.setItem(key, text);
    expect(open('https://app.example/').client.resume()).toBeUndefined();
  });

  it('is not shared with other applications', () => {
    const { open } = signedIn();
    expect(open('https://app.example/', { clientId: 'ap' }).client.resume()).toBeUndefined();
    expect(open('https://app.example/', { clientId: 'app2' }).client.resume()).toBeUndefined();
  });
});

describe('returnTo', () => {
  function returned(href: string, returnTo?: string | URL): string | undefined {
    const made = browser();
    const { client } = made.open(href);
    const { state } = client.authorize(returnTo === undefined ? {} : { returnTo });
    const back = made.open(success(state)).client;
    expect(back.returnTo).toBeUndefined();
    back.resume();
    return back.returnTo;
  }

  it('is the page that began the sign-in by default', () => {
    expect(returned('https://app.example/files/a%20b?view=grid#/holiday')).toBe('/files/a%20b?view=grid#/holiday');
    expect(returned('https://app.example')).toBe('/');
  });

  it('is the page of the option returnTo', () => {
    expect(returned('https://app.example/deep/page', '/files#top')).toBe('/files#top');
    expect(returned('https://app.example/deep/page', 'sibling?x')).toBe('/deep/sibling?x');
    expect(returned('https://app.example/', new URL('https://app.example/files'))).toBe('/files');
  });

  it('does not contain a failed callback', () => {
    expect(returned(`${redirectUri}?lang=de#access_token=${accessToken}&state=x`)).toBe('/signed-in?lang=de');
  });

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    'javascript:alert(1)',
    'data:text/html,x',
    'https://app.example:444/',
  ])('cannot be %s', (place) => {
    const { client } = browser();
    expect(thrown(() => client.authorize({ returnTo: place }), ConfigurationError).message).toContain('returnTo');
  });

  it('does not lead to another host if its path begins with two slashes', () => {
    const place = returned('https://app.example/', 'https://app.example//evil.example/');
    expect(new URL(place ?? '', 'https://app.example/').host).toBe('app.example');
  });

  it('is that of the last callback', () => {
    const { client, open } = browser();
    const { client: back } = open(success(client.authorize().state));
    back.resume();
    expect(back.returnTo).toBeDefined();
    failure(() => back.handleCallback(success('unknown')));
    expect(back.returnTo).toBeUndefined();
  });

  it('is undefined if a script has changed it to another origin', () => {
    const { client, open, storage } = browser();
    const { state } = client.authorize();
    const key = `${signInKey}${state}`;
    storage.setItem(key, (storage.getItem(key) ?? '').replace('/files', '//evil.example/files'));
    const back = open(success(state)).client;
    back.resume();
    expect(back.returnTo).toBeUndefined();
  });
});

describe('a storage that does not work', () => {
  const blocked = () => {
    throw new DOMException(`no room for ${accessToken}`, 'QuotaExceededError');
  };

  it('causes a StorageError if the sign-in cannot be stored', () => {
    const { open, storage } = browser();
    const { client, page } = open('https://app.example/', { storage: { ...storage, setItem: blocked } });
    expect(thrown(() => client.signIn(), StorageError).code).toBe('storage_unavailable');
    expect(page.visited).toEqual([]);
  });

  it('causes a StorageError only when it is used, also if its length throws', () => {
    const { open } = browser();
    const storage = Object.defineProperty(memoryStorage(), 'length', { get: blocked });
    expect(() => open('https://app.example/', { storage }).client.signIn()).toThrow(StorageError);
    expect(open('https://app.example/', { tokenStorage: storage }).client.resume()).toBeUndefined();
  });

  it('causes a StorageError if it does not exist', () => {
    const { open } = browser();
    const { client } = open('https://app.example/', { storage: undefined, tokenStorage: undefined });
    if ('sessionStorage' in globalThis) throw new Error('this runtime has a sessionStorage, so nothing is tested');
    expect(() => client.authorize()).toThrow(StorageError);
    expect(() => client.resume()).toThrow(StorageError);
  });

  it('does not lose a token that cannot be stored', () => {
    const { client, open, tokenStorage } = browser();
    const href = success(client.authorize().state);
    const { client: back } = open(href, { tokenStorage: { ...tokenStorage, setItem: blocked } });
    const error = thrown(() => back.resume(), StorageError);
    expect(inspect(error)).not.toContain(accessToken);
    expect(back.resume()?.access_token).toBe(accessToken);
  });

  it('does not keep the previous user signed in if the new token does not fit', () => {
    const { client, open, tokenStorage } = browser();
    open(success(client.authorize().state)).client.resume();
    const href = success(client.authorize().state);
    const full = { ...tokenStorage, setItem: blocked };
    expect(() => open(href, { tokenStorage: full }).client.resume()).toThrow(StorageError);
    expect(open('https://app.example/').client.resume()).toBeUndefined();
  });

  it('does not use up a sign-in that it cannot delete', () => {
    const { client, open, storage } = browser();
    const href = success(client.authorize().state);
    expect(() => open(href, { storage: { ...storage, removeItem: blocked } }).client.resume()).toThrow(StorageError);
    expect(open(href).client.resume()).toBeDefined();
  });

  it('may contain other keys, which are not changed', () => {
    const { client, open, storage } = browser();
    storage.setItem('theme', 'dark');
    storage.setItem(`${signInKey}junk`, '{');
    const { state } = client.authorize();
    expect(open(success(state)).client.resume()).toBeDefined();
    expect([...storage.entries.keys()]).toEqual(['theme']);
  });
});

describe('the constructor', () => {
  const page = new Page('https://app.example/');
  const right = { clientId: 'app', redirectUri, location: page, history: page };

  it.each<[string, Record<string, unknown>, string]>([
    ['clientId', { clientId: undefined }, 'invalid_argument'],
    ['clientId', { clientId: 7 }, 'invalid_argument'],
    ['redirectUri', { redirectUri: 'http://app.example/' }, 'insecure_url'],
    ['redirectUri', { redirectUri: 'https://app.example/#x' }, 'invalid_argument'],
    ['redirectUri', { redirectUri: 'urn:ietf:wg:oauth:2.0:oob' }, 'invalid_argument'],
    ['scope', { scope: 'file.read' }, 'invalid_argument'],
    ['maxAge', { maxAge: 0 }, 'invalid_argument'],
    ['now', { now: 5 }, 'invalid_argument'],
    ['storage', { storage: {} }, 'invalid_argument'],
    ['storage', { storage: null }, 'invalid_argument'],
    ['tokenStorage', { tokenStorage: 'local' }, 'invalid_argument'],
    ['storage', { storage: { getItem: async () => null, key: async () => null } }, 'invalid_argument'],
    ['location', { location: 'https://app.example/' }, 'invalid_argument'],
    ['history', { history: 5 }, 'invalid_argument'],
    ['issuer', { issuer: 'http://my.doctape.com' }, 'insecure_url'],
    ['authorizationEndpoint', { authorizationEndpoint: 'https://my.doctape.com/?state=x' }, 'invalid_argument'],
    ['allowInsecureHttp', { allowInsecureHttp: 'yes' }, 'invalid_argument'],
    ['redirectURI', { redirectURI: 'https://app.example/' }, 'unknown_option'],
    ['authorizationUrl', { authorizationUrl: 'https://elsewhere.example/' }, 'unknown_option'],
    ['scopes', { scopes: ['file.read'] }, 'unknown_option'],
    ['clientSecret', { clientSecret: 'secret' }, 'browser_secret'],
    ['clientSecret', { clientSecret: undefined }, 'browser_secret'],
  ])('rejects %s in %o', (name, options, code) => {
    const error = thrown(
      () => new ImplicitGrantClient({ ...right, ...options } as ImplicitGrantClientOptions),
      ConfigurationError,
    );
    expect(error.code).toBe(code);
    expect(error.message).toContain(name);
  });

  it('suggests the nearest name for an unknown option', () => {
    const options = { ...right, authorisationEndpoint: 'https://elsewhere.example/' };
    expect(thrown(() => new ImplicitGrantClient(options), ConfigurationError).message).toBe(
      'authorisationEndpoint is not an option; did you mean authorizationEndpoint?',
    );
    const { client } = browser();
    const call = thrown(() => Reflect.apply(client.authorize, client, [{ return_to: '/' }]), ConfigurationError);
    expect(call.message).toBe('return_to is not an option; did you mean returnTo?');
  });

  it.each(['http://app.localhost/', 'http://127.0.0.2:5173/', 'http://[::1]/'])(
    'accepts the loopback page %s',
    (uri) => {
      const local = new Page(uri);
      const client = new ImplicitGrantClient({ ...right, redirectUri: uri, location: local, storage: memoryStorage() });
      expect(client.authorize().url.searchParams.get('redirect_uri')).toBe(uri);
    },
  );

  it('accepts http on other hosts with allowInsecureHttp', () => {
    const options = {
      ...right,
      redirectUri: 'http://phone.lan:5173/',
      authorizationEndpoint: 'http://sandbox:4400/oauth2',
      issuer: 'http://sandbox:4400',
      storage: memoryStorage(),
    };
    const error = thrown(() => new ImplicitGrantClient(options), ConfigurationError);
    expect(error.code).toBe('insecure_url');
    expect(error.message).toContain('allowInsecureHttp');
    const { url } = new ImplicitGrantClient({ ...options, allowInsecureHttp: true }).authorize();
    expect(url.origin).toBe('http://sandbox:4400');
  });

  it('looks up the clock, the page and the random numbers at every use', () => {
    const client = new ImplicitGrantClient({ ...right, storage: memoryStorage(), tokenStorage: null });
    const { now } = Date;
    const { crypto } = globalThis;
    try {
      Date.now = () => 1_000_000_000_000;
      expect(client.handleCallback(success(client.authorize().state)).expires_at).toBe(1_000_000_000 + 157_680_000);
      for (const missing of [undefined, {}]) {
        Object.defineProperty(globalThis, 'crypto', { value: missing, configurable: true });
        const error = thrown(() => client.authorize(), ConfigurationError);
        expect(error.code).toBe('unsupported_platform');
        expect(error.message).toContain('crypto.getRandomValues');
      }
    } finally {
      Date.now = now;
      Object.defineProperty(globalThis, 'crypto', { value: crypto, configurable: true });
    }
  });

  it('throws outside of a page with a remedy', () => {
    const error = thrown(() => new ImplicitGrantClient({ clientId: 'app', redirectUri }), ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(/browser page/);
  });

  it('has no enumerable or inspectable properties', () => {
    const client = new ImplicitGrantClient({ ...right, tokenStorage: null, storage: memoryStorage() });
    client.handleCallback(success(client.authorize().state));
    expect(inspect(client, { depth: 9, showHidden: true }) + JSON.stringify(client)).not.toContain(accessToken);
  });
});
