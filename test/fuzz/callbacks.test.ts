import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImplicitGrantClient } from '../../src/browser.js';
import { CallbackError, OAuthError } from '../../src/index.js';
import { authorizationUrl } from '../../src/oauth/authorization-url.js';
import { pairsOf } from '../../src/oauth/callback.js';
import { withoutCallback } from '../../src/oauth/implicit-grant/page-callback.js';
import { callbackParameters } from '../../src/protocol/urls.js';
import { AuthorizationCodeClient } from '../../src/server.js';
import { anyText, captureConsole, fuzzTimeout, mutated, outcomeOf, testProperty, usually } from '../support/fuzz.js';
import { leaks } from '../support/leaks.js';
import { memoryStorage, Page } from '../support/page.js';

// Anyone can send a browser to a callback URL. For any callback, a client must return a token that belongs to the sign-in, or
// throw an error of the SDK without secrets.

const clientSecret = 'canary secret "4b1f6a0e92"';
const code = 'canary/code+77c20d5b31';
const accessToken = 'canary-token-e09a64f8d5';
const redirectUri = 'https://app.example/signed-in';
const issuer = 'https://auth.example';

const parameterName = (pair: string) => pairsOf(pair)[0]?.name;

const names = fc.constantFrom(...callbackParameters);

/** A placeholder in a callback for the state of the pending sign-in. */
const state = 'THE-STATE';

const value = fc.oneof(
  fc.constantFrom(state, code, accessToken, 'Bearer', 'bearer', '3600', issuer, 'access_denied', clientSecret),
  fc.constantFrom('', '%', '%zz', '%C3', '%00', '%E2%80%AE', '%25', '+', '=', '%26', '%23', 'https://a.example/#x'),
  anyText,
  anyText.filter((text) => text.isWellFormed()).map(encodeURIComponent),
);

/** `name=value`, and text that is similar to it. */
const pair = fc.oneof(
  fc.tuple(names, value).map(([name, text]) => `${name}=${text}`),
  fc.tuple(names, value).map(([name, text]) => `%${name.charCodeAt(0).toString(16)}${name.slice(1)}=${text}`),
  fc.tuple(anyText, value).map(([name, text]) => `${name}=${text}`),
  names,
  anyText,
);

/** A valid callback, with random parameters before and after it, or random parameters only. */
function callbackWith(good: Record<string, string>): fc.Arbitrary<string> {
  const pairs = Object.entries(good).map(([name, text]) => `${name}=${encodeURIComponent(text)}`);
  const around = fc.array(pair, { maxLength: 3 });
  return fc.oneof(
    fc
      .tuple(around, fc.shuffledSubarray(pairs, { minLength: pairs.length }), around)
      .map((all) => all.flat().join('&')),
    fc.tuple(fc.shuffledSubarray(pairs), around).map((all) => all.flat().join('&')),
    mutated(pairs.join('&')),
    fc.array(pair, { maxLength: 6 }).map((all) => all.join('&')),
    anyText,
  );
}

const codeCallback = callbackWith({ code, state });
const tokenCallback = callbackWith({ state, access_token: accessToken, token_type: 'Bearer', expires_in: '3600' });

/** The values of a parameter, decoded leniently. An empty parameter counts as absent (RFC 6749 section 3.1). */
function valuesOf(query: string, name: string): string[] {
  return query
    .split('&')
    .filter((one) => parameterName(one) === name)
    .map((one) => (one.includes('=') ? one.slice(one.indexOf('=') + 1) : ''))
    .map((text) => parameterName(text.replaceAll('=', '%3D')) ?? '')
    .filter((text) => text !== '');
}

function queryIn(text: string): string {
  const [beforeFragment = ''] = text.split('#', 1);
  return /^([a-z][a-z0-9+.-]*:|\/|[^=]*\?)/i.test(beforeFragment)
    ? beforeFragment.slice(beforeFragment.indexOf('?') + 1)
    : beforeFragment;
}

/** Removes quotes and white space that a user may have pasted. */
function unquoted(text: string): string {
  const bare = text.replace(/^[\s"<>`\u2018-\u201f]+/, '').replace(/[\s"<>`\u2018-\u201f]+$/, '');
  return /^'.*'$/s.test(bare) ? bare.slice(1, -1) : bare;
}

function bytesOf(token: string): string {
  return token
    .split('.')
    .map((part) => Buffer.from(part, 'base64url').toString('hex'))
    .join('.');
}

interface Attempt {
  requests: URLSearchParams[];
  client: AuthorizationCodeClient;
}

function codeClient(options: { issuer?: string } = {}): Attempt {
  const requests: URLSearchParams[] = [];
  const client = new AuthorizationCodeClient({
    clientId: 'app',
    clientSecret,
    redirectUri,
    ...options,
    fetch: async (input, init) => {
      requests.push(new URLSearchParams(await new Request(input, init).text()));
      return Response.json({ access_token: accessToken, token_type: 'Bearer' });
    },
  });
  return { requests, client };
}

describe('a callback with a code', { timeout: fuzzTimeout }, () => {
  it('is exchanged if it has exactly one state and one code, and is rejected otherwise', async () => {
    const printed = captureConsole();
    const { requests, client } = codeClient();
    const start = fc.constantFrom('', '?', `${redirectUri}?`, '/signed-in?', '//host/?', 'x:?', '#', `${redirectUri}`);
    const form = fc.constantFrom('text', 'URL', 'URLSearchParams', 'request');
    await testProperty(300, [start, codeCallback, form], async (before, given, kind) => {
      requests.length = 0;
      const signIn = await client.authorize();
      const text = before + given.replaceAll(state, signIn.state);
      const callback = {
        text: () => text,
        URL: () => (URL.canParse(text) ? new URL(text) : text),
        URLSearchParams: () => new URLSearchParams(text),
        request: () => ({ url: text }),
      }[kind]?.();
      const secrets = [
        clientSecret,
        signIn.state,
        signIn.pending,
        ...valuesOf(text, 'code').filter((one) => one === code),
      ];
      const exchange = () => client.exchange(callback ?? '', signIn.pending);
      const outcome = await outcomeOf(exchange, secrets);
      expect(requests.length).toBeLessThanOrEqual(1);
      if ('value' in outcome) {
        const url = callback instanceof URL ? callback.href : kind === 'request' ? text : unquoted(text);
        const query = callback instanceof URLSearchParams ? `${callback}` : queryIn(url);
        expect(valuesOf(query, 'state')).toEqual([signIn.state]);
        expect(valuesOf(query, 'error').join('')).toBe(''); // an empty one counts as absent
        expect(requests[0]?.get('code')).toBe(valuesOf(query, 'code')[0]);
        expect(await outcomeOf(exchange, secrets)).toMatchObject({ error: { code: 'state_used' } });
      } else expect(requests.length).toBe(0);
    });
    expect(leaks(printed, [clientSecret, code, accessToken])).toEqual([]);
  });

  it('is rejected without its issuer', async () => {
    const { client } = codeClient({ issuer });
    await testProperty(100, [codeCallback], async (given) => {
      const signIn = await client.authorize();
      const query = given.replaceAll(state, signIn.state);
      const outcome = await outcomeOf(() => client.exchange(query, signIn.pending), [code, signIn.state]);
      if ('value' in outcome) expect(valuesOf(query.split('#')[0] ?? '', 'iss')).toEqual([issuer]);
    });
  });

  it('is rejected with any other pending sign-in', async () => {
    const { requests, client } = codeClient();
    const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), put: anyText });
    await testProperty(150, [usually(change, anyText)], async (odd) => {
      const signIn = await client.authorize();
      const at = typeof odd === 'string' ? 0 : Math.floor(odd.at * signIn.pending.length);
      const pending =
        typeof odd === 'string' ? odd : signIn.pending.slice(0, at) + odd.put + signIn.pending.slice(at + 1);
      fc.pre(bytesOf(pending) !== bytesOf(signIn.pending)); // the last bits of base64 are ignored
      const exchange = () => client.exchange(new URLSearchParams({ code, state: signIn.state }), pending);
      const outcome = await outcomeOf(exchange, [code, signIn.state, signIn.pending]);
      expect(outcome).toMatchObject({ error: expect.any(CallbackError) });
    });
    expect(requests).toEqual([]);
  });

  it('with an error is rejected without showing secrets', async () => {
    const { client } = codeClient();
    const word = fc.oneof(
      anyText,
      fc.constantFrom(code, state, `see ${code}`, `https://a.example/?state=${state}#${code}`),
    );
    await testProperty(150, [word, word, word], async (error, description, uri) => {
      fc.pre([error, description, uri].every((text) => text.isWellFormed()));
      const signIn = await client.authorize();
      const real = (text: string) => text.replaceAll(state, signIn.state);
      const callback = new URLSearchParams({ state: signIn.state, error: real(error), code });
      callback.set('error_description', real(description));
      callback.set('error_uri', real(uri));
      const outcome = await outcomeOf(() => client.exchange(callback, signIn.pending), [code, signIn.state]);
      if (error === '') {
        expect(outcome).toHaveProperty('value'); // an empty error counts as absent
        return;
      }
      if (!('error' in outcome) || !(outcome.error instanceof OAuthError)) {
        expect(outcome).toMatchObject({ error: { code: 'malformed_callback' } });
        return;
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the message must not contain control characters
      expect(outcome.error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
      expect(outcome.error.uri ?? 'https:').toMatch(/^https?:/);
    });
  });
});

interface Browser {
  page: Page;
  client: ImplicitGrantClient;
  state: string;
  remembered: () => number;
}

/** A page at this URL, in a browser with a pending sign-in. */
function browserAt(urlOf: (state: string) => string): Browser {
  const storage = memoryStorage();
  const open = (page: Page) =>
    new ImplicitGrantClient({
      clientId: 'app',
      redirectUri,
      storage,
      tokenStorage: null,
      location: page,
      history: page,
    });
  const signIn = open(new Page('https://app.example/files')).authorize();
  const page = new Page(new URL(urlOf(signIn.state)).href);
  return { page, client: open(page), state: signIn.state, remembered: () => storage.entries.size };
}

const base = fc.constantFrom(redirectUri, 'https://app.example/', 'https://app.example/signed-in/', `${redirectUri}?`);

describe('a callback with a token', { timeout: fuzzTimeout }, () => {
  it('returns the token or an error, and is removed from the URL', async () => {
    const query = fc.oneof(
      fc.constant(''),
      tokenCallback,
      fc.array(pair, { maxLength: 3 }).map((all) => all.join('&')),
    );
    const fragment = fc.oneof(fc.constant(''), tokenCallback);
    await testProperty(600, [base, query, fragment], async (start, search, hash) => {
      const urlOf = (real: string) =>
        `${start}${start.includes('?') ? '&' : '?'}${search.replaceAll('#', '')}#${hash}`.replaceAll(state, real);
      fc.pre(URL.canParse(urlOf('')));
      const { page, client, state: real, remembered } = browserAt(urlOf);
      const before = new URL(page.href);
      const given = [before.search.slice(1), before.hash.slice(1)];
      const credentials = ['access_token', 'code', 'state'].flatMap((name) =>
        given.flatMap((one) => valuesOf(one, name)),
      );
      const secrets = [accessToken, code, real].filter((secret) => credentials.includes(secret));
      const outcome = await outcomeOf(() => client.resume(), secrets);
      if ('value' in outcome && outcome.value === undefined) {
        expect(page.href).toBe(before.href); // the page was not a callback
        expect(remembered()).toBe(1);
        // on another path, it can be the callback of another provider
        if (before.origin + before.pathname !== redirectUri) return;
        for (const part of given) {
          const pairs = part.split('&').filter((pair) => /=./.test(pair)); // a name without a value can be the id of a heading
          expect(valuesOf(pairs.join('&'), 'access_token')).toEqual([]);
        }
        return;
      }
      const after = new URL(page.href);
      // a route of the application is kept
      expect(after.hash === '' || before.hash.startsWith(after.hash.slice(0, 2))).toBe(true);
      expect(valuesOf(after.hash.slice(1).replace(/[/!?#]+/g, '&'), 'access_token').join('')).toBe('');
      expect(page.state).toEqual({ scrolled: 120 });
      for (const name of after.searchParams.keys()) expect([...callbackParameters]).not.toContain(name);
      expect(after.origin + after.pathname).toBe(before.origin + before.pathname);
      if (!('value' in outcome)) return;
      expect(before.origin + before.pathname).toBe(redirectUri);
      expect(valuesOf(before.hash.slice(1), 'access_token')).toEqual([outcome.value?.access_token]);
      expect([...valuesOf(before.hash.slice(1), 'state'), ...valuesOf(before.search.slice(1), 'state')]).toEqual([
        real,
      ]);
      expect(remembered()).toBe(0);
    });
  });

  it('is distinguished from any other value', async () => {
    const odd = fc.oneof(anyText, fc.webUrl({ withFragments: true, withQueryParameters: true }), fc.anything());
    await testProperty(300, [odd], async (href) => {
      const { client, page } = browserAt(() => 'https://app.example/files');
      const outcome = await outcomeOf(() => Reflect.apply(client.handleCallback, client, [href]));
      expect(outcome).toMatchObject({ error: { code: expect.any(String) } });
      expect(page.href).toBe('https://app.example/files');
    });
  });

  it('is removed from a URL that keeps all other parameters byte for byte', async () => {
    const other = fc.oneof(
      anyText,
      fc.tuple(anyText, anyText).map((two) => two.join('=')),
    );
    const part = usually(
      other.map((text) => ({ text, ours: false })),
      fc.tuple(names, value).map(([name, text]) => ({ text: `${name}=${text.replaceAll('&', '')}`, ours: true })),
    );
    await testProperty(500, [fc.array(part, { maxLength: 6 }), anyText], (parts, hash) => {
      const clean = parts.map(({ text, ours }) => ({ text: text.replace(/[#&\r\n\t]/g, ''), ours }));
      const url = new URL('https://app.example/a?');
      url.search = `?${clean.map(({ text }) => text).join('&')}`;
      url.hash = hash;
      const kept = clean.filter(
        ({ text, ours }) => !ours && text !== '' && !callbackParameters.has(parameterName(text) ?? ''),
      );
      const expected = new URL('https://app.example/a');
      if (kept.length > 0) expected.search = `?${kept.map(({ text }) => text).join('&')}`;
      const callback = { query: url.search.slice(1), fragment: url.hash.slice(1), route: '' };
      expect(withoutCallback(url, callback)).toBe(expected.href);
    });
  });
});

describe('an authorization URL', { timeout: fuzzTimeout }, () => {
  it('contains all parameters that it was built with', async () => {
    const params = fc.dictionary(anyText, anyText, { maxKeys: 5 });
    await testProperty(
      300,
      [fc.webUrl({ withQueryParameters: true }), params, anyText],
      async (endpoint, more, real) => {
        const build = () =>
          authorizationUrl(new URL(endpoint), { state: real, client_id: 'app', scope: undefined }, more);
        const outcome = await outcomeOf(build);
        if (!('value' in outcome)) {
          expect(outcome.error).toMatchObject({ code: 'invalid_argument' });
          return;
        }
        const expected = new URL(endpoint).searchParams;
        expected.append('state', real);
        expected.append('client_id', 'app');
        for (const [name, text] of Object.entries(more)) expected.append(name, text);
        expect([...new URL(outcome.value.href).searchParams]).toEqual([...expected]);
      },
    );
  });
});
