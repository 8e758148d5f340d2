import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { AuthorizationCodeClient, type AuthorizationCodeClientOptions, type Fetch } from '../../src/server.js';
import { reasonOf } from '../support/scripted-server.js';

const issuer = 'https://my.doctape.com';
const start = Date.UTC(2014, 4, 1);

const valid: AuthorizationCodeClientOptions = {
  clientId: 'app-1',
  clientSecret: 'the-secret-of-app-1',
  redirectUri: 'https://app.example/callback',
};

/** A token endpoint that accepts every code and counts the requests. */
function tokenEndpoint(): { fetch: Fetch; forms: URLSearchParams[] } {
  const forms: URLSearchParams[] = [];
  const fetch: Fetch = async (input, init) => {
    forms.push(new URLSearchParams(await new Request(input, init).text()));
    return Response.json({ access_token: `token-${forms.length}`, token_type: 'Bearer' });
  };
  return { fetch, forms };
}

function setUp(options: Partial<AuthorizationCodeClientOptions> = {}) {
  const { fetch, forms } = tokenEndpoint();
  const clock = { now: start };
  const client = new AuthorizationCodeClient({ ...valid, fetch, now: () => clock.now, ...options });
  return { client, forms, clock };
}

function exchangeUntyped(client: AuthorizationCodeClient, ...values: unknown[]): Promise<unknown> {
  return Reflect.apply(client.exchange, client, values);
}

/** Changes one character in the middle of one of the parts between the dots. */
function altered(sealed: string, part: number): string {
  const parts = sealed.split('.');
  const text = parts[part] ?? '';
  const middle = Math.floor(text.length / 2);
  parts[part] = text.slice(0, middle) + (text[middle] === 'A' ? 'B' : 'A') + text.slice(middle + 1);
  return parts.join('.');
}

describe('a callback', () => {
  it.each<[string, (query: string) => string | URL | Request | URLSearchParams]>([
    ['a URL in a string', (query) => `https://app.example/callback?${query}`],
    ['a URL with the host of a server behind a proxy', (query) => `http://10.0.0.7:8080/callback?${query}`],
    ['a path with a query', (query) => `/callback?${query}`],
    ['a query', (query) => query],
    ['a query with a question mark', (query) => `?${query}`],
    ['a URL with a fragment, as some servers append', (query) => `https://app.example/callback?${query}#_=_`],
    ['a URL', (query) => new URL(`https://app.example/callback?${query}`)],
    ['a Request', (query) => new Request(`https://app.example/callback?${query}`)],
    ['a POST Request', (query) => new Request(`https://app.example/callback?${query}`, { method: 'POST' })],
    ['URLSearchParams', (query) => new URLSearchParams(query)],
  ])('is accepted as %s', async (_, form) => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const token = await client.exchange(form(`code=a%2Bb%20c%25&state=${state}`), pending);
    expect(token).toEqual({ access_token: 'token-1', token_type: 'Bearer' });
    expect(forms.map((sent) => sent.get('code'))).toEqual(['a+b c%']);
  });

  it('is accepted as the request of a Node server', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const socket = new Socket();
    const request = new IncomingMessage(socket);
    request.url = `/callback?code=some-code&state=${state}`;
    await exchangeUntyped(client, request, pending);
    socket.destroy();
    expect(forms).toHaveLength(1);
  });

  it('is accepted as a query with an unescaped question mark in a value', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    await client.exchange(`code=some?code&state=${state}`, pending);
    expect(forms[0]?.get('code')).toBe('some?code');
  });

  it.each(['code=other', 'state=other', 'error=access_denied'])(
    'is not read from the fragment: %s',
    async (fragment) => {
      const { client, forms } = setUp();
      const { state, pending } = await client.authorize();
      await client.exchange(`https://app.example/callback?code=some-code&state=${state}#?${fragment}`, pending);
      expect(forms[0]?.get('code')).toBe('some-code');
    },
  );

  it('has decoded names and values, with spaces as + or %20', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    await client.exchange(`?%63ode=a+b%20c&stat%65=${state}`, pending);
    expect(forms[0]?.get('code')).toBe('a b c');
  });

  it.each([
    'utm_source=mail',
    'session_state=%zz',
    'lang=%ff',
    'lang=de&lang=en',
    '%zz=1',
    'State=other',
    'state[]=other',
    'access_token=other&token_type=Bearer',
    '__proto__=other',
    '&&=&=x&x',
  ])('may have unknown parameters: %s', async (extra) => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    await client.exchange(`?${extra}&code=some-code&state=${state}&${extra}`, pending);
    expect(forms).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an object whose url is a number', { url: 7 }],
    ['an array', ['?code=some-code']],
  ])('is not %s', async (_, callback) => {
    const { client, forms } = setUp();
    const { pending } = await client.authorize();
    expect(await reasonOf(exchangeUntyped(client, callback, pending))).toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_argument',
      message: expect.stringMatching(/^callback\b/),
    });
    expect(forms).toHaveLength(0);
  });
});

describe('a malformed callback', () => {
  it.each([
    ['a state with a broken escape', 'code=some-code&state=%zz'],
    ['a state with an incomplete escape', 'code=some-code&state=STATE%'],
    ['a code with an incomplete escape', 'state=STATE&code=some%2'],
    ['a code with invalid UTF-8', 'state=STATE&code=%ff%fe'],
    ['a code with overlong UTF-8', 'state=STATE&code=%c0%80'],
    ['a code with an encoded surrogate', 'state=STATE&code=%ed%a0%80'],
    ['an error description in Latin-1', 'state=STATE&error=access_denied&error_description=f%fcr'],
    ['an undecodable iss', 'state=STATE&code=some-code&iss=%'],
    ['an undecodable error_uri', 'state=STATE&code=some-code&error_uri=%e4'],
    ['two states', 'state=STATE&code=some-code&state=STATE'],
    ['two states, one with an escaped name', 'state=STATE&code=some-code&%73tate=other'],
    ['two codes', 'state=STATE&code=some-code&code=some-code'],
    ['two codes beside an empty one', 'state=STATE&code=&code=some-code&code=other'],
    ['two errors', 'state=STATE&error=access_denied&error=server_error'],
    ['two descriptions', 'state=STATE&error=access_denied&error_description=a&error_description=b'],
    ['two issuers', `state=STATE&code=some-code&iss=${issuer}&iss=${issuer}`],
    ['two codes and no state', 'code=some-code&code=some-code'],
    ['two codes and another state', 'code=some-code&code=some-code&state=other'],
    ['too many characters', `state=STATE&code=some-code&x=${'x'.repeat(100_000)}`],
  ])('with %s is rejected first, and the sign-in stays pending', async (_, query) => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    expect(await reasonOf(client.exchange(`?${query.replaceAll('STATE', state)}`, pending))).toMatchObject({
      name: 'CallbackError',
      code: 'malformed_callback',
    });
    expect(forms).toHaveLength(0);
    await client.exchange(`?code=some-code&state=${state}`, pending);
    expect(forms).toHaveLength(1);
  });

  it('is rejected as URLSearchParams with a repeated name', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const callback = new URLSearchParams({ code: 'some-code', state });
    callback.append('code', 'other-code');
    expect(await reasonOf(client.exchange(callback, pending))).toMatchObject({ code: 'malformed_callback' });
    expect(forms).toHaveLength(0);
  });

  it('with a lone surrogate is rejected with an error of the SDK', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const callback = `?state=${state}&code=some-code-\ud800&error=access_denied&error_description=no`;
    expect(await reasonOf(client.exchange(callback, pending))).toMatchObject({
      name: expect.stringMatching(/^(CallbackError|OAuthError)$/),
    });
    expect(forms).toHaveLength(0);
  });
});

describe('an empty parameter counts as absent', () => {
  it.each([
    ['error', 'error=&code=some-code'],
    ['error without an equals sign', 'error&code=some-code'],
    ['error and its description', 'error=&error_description=&error_uri=&code=some-code'],
    ['iss without an issuer', 'iss=&code=some-code'],
    ['code before the code', 'code=&code=some-code'],
    ['code after the code', 'code=some-code&code='],
    ['code without an equals sign', 'code&code=some-code'],
    ['code with an escaped name', 'code=some-code&c%6fde='],
    ['several of them', 'code=&state=&code=some-code&code=&state=&error=&error=&iss=&iss='],
  ])('in a success: %s', async (_, query) => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    await client.exchange(`?${query}&state=${state}`, pending);
    expect(forms.map((form) => form.get('code'))).toEqual(['some-code']);
  });

  it('in a denial: an empty code', async () => {
    const { client } = setUp();
    const { state, pending } = await client.authorize();
    const error = await reasonOf(client.exchange(`?error=access_denied&code=&state=${state}`, pending));
    expect(error).toMatchObject({ name: 'OAuthError', code: 'access_denied' });
  });

  it('beside an issuer, which is checked', async () => {
    const { client } = setUp({ issuer });
    const first = await client.authorize();
    await client.exchange(`?iss=&code=some-code&state=${first.state}&iss=${issuer}`, first.pending);
    const second = await client.authorize();
    const query = `?iss=&code=some-code&state=${second.state}&iss=https://evil.example`;
    expect(await reasonOf(client.exchange(query, second.pending))).toMatchObject({ code: 'issuer_mismatch' });
  });

  it('beside an error, which is believed', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const query = `?error=&error=access_denied&code=some-code&state=${state}`;
    expect(await reasonOf(client.exchange(query, pending))).toMatchObject({ code: 'access_denied' });
    expect(forms).toEqual([]);
  });

  it.each([
    ['state', 'state=&code=some-code', undefined, 'state_missing'],
    ['code', 'code=&state=STATE', undefined, 'malformed_callback'],
    ['code and error', 'code=&error=&state=STATE', undefined, 'malformed_callback'],
    ['iss, although an issuer is configured', 'iss=&code=some-code&state=STATE', issuer, 'issuer_mismatch'],
  ])('if it is required: %s', async (_, query, expected, code) => {
    const { client, forms } = setUp({ issuer: expected });
    const { state, pending } = await client.authorize();
    const error = await reasonOf(client.exchange(`?${query.replace('STATE', state)}`, pending));
    expect(error).toMatchObject({ name: 'CallbackError', code });
    expect(forms).toEqual([]);
  });
});

describe('the state', () => {
  it.each([
    ['absent', 'code=some-code'],
    ['empty', 'code=some-code&state='],
    ['without a value', 'code=some-code&state'],
    ['missing from an error', 'error=access_denied'],
    ['absent with everything else', ''],
  ])('is missing if it is %s', async (_, query) => {
    const { client, forms } = setUp();
    const { pending } = await client.authorize();
    expect(await reasonOf(client.exchange(`?${query}`, pending))).toMatchObject({
      name: 'CallbackError',
      code: 'state_missing',
    });
    expect(forms).toHaveLength(0);
  });

  it.each(['https://app.example/callback', '/callback', 'https://app.example/callback#?code=some-code&state=x'])(
    'is missing if the callback has no query: %s',
    async (callback) => {
      const { client, forms } = setUp();
      const { pending } = await client.authorize();
      expect(await reasonOf(client.exchange(callback, pending))).toMatchObject({
        name: 'CallbackError',
        code: 'state_missing',
      });
      expect(forms).toHaveLength(0);
    },
  );

  it.each<[string, unknown]>([
    ['undefined, as for a missing cookie', undefined],
    ['null', null],
    ['empty', ''],
    ['false, as signedCookies of Express returns for an altered cookie', false],
  ])('cannot be checked if pending is %s', async (_, pending) => {
    const { client, forms } = setUp();
    const { state } = await client.authorize();
    expect(await reasonOf(exchangeUntyped(client, `?code=some-code&state=${state}`, pending))).toMatchObject({
      name: 'CallbackError',
      code: 'state_missing',
    });
    expect(forms).toHaveLength(0);
  });

  it.each<[string, unknown]>([
    ['a number', 7],
    ['true', true],
    ['the cookie object of Next.js', { name: 'pending', value: 'sealed' }],
    ['the result of authorize()', { pending: 'sealed' }],
    ['a promise', Promise.resolve('sealed')],
  ])('is rejected with invalid_argument if pending is %s', async (_, pending) => {
    const { client, forms } = setUp();
    const { state } = await client.authorize();
    expect(await reasonOf(exchangeUntyped(client, `?code=some-code&state=${state}`, pending))).toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_argument',
      message: expect.stringMatching(/^pending\b/),
    });
    expect(forms).toHaveLength(0);
  });

  it.each<[string, (state: string) => string]>([
    ['another state', () => 'A'.repeat(43)],
    ['too short by one', (state) => state.slice(0, -1)],
    ['too long by one', (state) => `${state}A`],
    ['in another case', (state) => (state === state.toLowerCase() ? state.toUpperCase() : state.toLowerCase())],
    ['with a zero byte', (state) => `${state}%00`],
    ['with a space around it', (state) => `+${state}`],
    ['beyond ASCII', () => '%F0%9F%98%80'],
  ])('is rejected if it is %s, and the correct state still works', async (_, wrong) => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    expect(await reasonOf(client.exchange(`?code=some-code&state=${wrong(state)}`, pending))).toMatchObject({
      name: 'CallbackError',
      code: 'state_mismatch',
    });
    expect(forms).toHaveLength(0);
    await client.exchange(`?code=some-code&state=${state}`, pending);
    expect(forms).toHaveLength(1);
  });

  it('of one sign-in is rejected with the pending of another', async () => {
    const { client, forms } = setUp();
    const [first, second] = [await client.authorize(), await client.authorize()];
    expect(await reasonOf(client.exchange(`?code=some-code&state=${first.state}`, second.pending))).toMatchObject({
      code: 'state_mismatch',
    });
    expect(forms).toHaveLength(0);
    await client.exchange(`?code=code-2&state=${second.state}`, second.pending);
    await client.exchange(`?code=code-1&state=${first.state}`, first.pending);
    expect(forms.map((form) => form.get('code'))).toEqual(['code-2', 'code-1']);
  });

  it('is valid until maxAge', async () => {
    const { client, forms, clock } = setUp();
    const { state, pending } = await client.authorize();
    clock.now = start + 599_999;
    await client.exchange(`?code=some-code&state=${state}`, pending);
    expect(forms).toHaveLength(1);
  });

  it.each([
    [600, undefined],
    [601, undefined],
    [86_400, undefined],
    [5, 5],
  ])('has expired after %d s if maxAge is %s', async (seconds, maxAge) => {
    const { client, forms, clock } = setUp(maxAge === undefined ? {} : { maxAge });
    const { state, pending } = await client.authorize();
    clock.now = start + seconds * 1000;
    expect(await reasonOf(client.exchange(`?code=some-code&state=${state}`, pending))).toMatchObject({
      name: 'CallbackError',
      code: 'state_expired',
    });
    expect(forms).toHaveLength(0);
  });

  it.each([0.5, 1, 1.5])('is valid for exactly a maxAge of %d s, at every fraction of a second', async (maxAge) => {
    const { client, forms, clock } = setUp({ maxAge });
    clock.now = start + 900;
    const [first, second] = [await client.authorize(), await client.authorize()];
    clock.now += maxAge * 1000 - 1;
    await client.exchange(`?code=some-code&state=${first.state}`, first.pending);
    clock.now += 1;
    const late = client.exchange(`?code=some-code&state=${second.state}`, second.pending);
    expect(await reasonOf(late)).toMatchObject({ code: 'state_expired' });
    expect(forms).toHaveLength(1);
  });

  it('is used up by a success', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    await client.exchange(`?code=some-code&state=${state}`, pending);
    for (const code of ['some-code', 'other-code']) {
      expect(await reasonOf(client.exchange(`?code=${code}&state=${state}`, pending))).toMatchObject({
        name: 'CallbackError',
        code: 'state_used',
      });
    }
    expect(forms).toHaveLength(1);
  });

  it('is used up by a denial', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    expect(await reasonOf(client.exchange(`?error=access_denied&state=${state}`, pending))).toMatchObject({
      name: 'OAuthError',
      code: 'access_denied',
    });
    expect(await reasonOf(client.exchange(`?code=some-code&state=${state}`, pending))).toMatchObject({
      code: 'state_used',
    });
    expect(forms).toHaveLength(0);
  });

  it('is used up by a token request that fails', async () => {
    let requests = 0;
    const { client } = setUp({
      fetch: async () => {
        requests += 1;
        throw new TypeError('fetch failed');
      },
    });
    const { state, pending } = await client.authorize();
    expect(await reasonOf(client.exchange(`?code=some-code&state=${state}`, pending))).toMatchObject({
      name: 'NetworkError',
    });
    expect(await reasonOf(client.exchange(`?code=some-code&state=${state}`, pending))).toMatchObject({
      code: 'state_used',
    });
    expect(requests).toBe(1);
  });

  it('stays used while other sign-ins are used', async () => {
    const { client, forms, clock } = setUp();
    const first = await client.authorize();
    await client.exchange(`?code=first&state=${first.state}`, first.pending);
    for (let i = 0; i < 50; i++) {
      clock.now += 11_000;
      const { state, pending } = await client.authorize();
      await client.exchange(`?code=${i}&state=${state}`, pending);
    }
    clock.now = start + 599_000;
    expect(await reasonOf(client.exchange(`?code=first&state=${first.state}`, first.pending))).toMatchObject({
      code: 'state_used',
    });
    expect(forms).toHaveLength(51);
  });

  it('is exchanged once if two callbacks arrive at the same time', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const callback = `?code=some-code&state=${state}`;
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map(() => client.exchange(callback, pending)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'state_used' });
    }
    expect(forms).toHaveLength(1);
  });

  it('is not used up by a call whose signal is already aborted', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const callback = `?code=some-code&state=${state}`;
    const reason = new Error('closed');
    expect(await reasonOf(client.exchange(callback, pending, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(forms).toHaveLength(0);
    await client.exchange(callback, pending);
    expect(forms).toHaveLength(1);
  });
});

describe('a pending', () => {
  it.each([0, 2, 3, 4])('whose part %d was altered is rejected', async (part) => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    expect(await reasonOf(client.exchange(`?code=some-code&state=${state}`, altered(pending, part)))).toMatchObject({
      name: 'CallbackError',
      code: 'state_mismatch',
    });
    expect(forms).toHaveLength(0);
  });

  it.each<[string, (pending: string) => string]>([
    ['cut short', (pending) => pending.slice(0, -10)],
    ['longer', (pending) => `${pending}.A`],
    ['not sealed', () => 'pending'],
    ['only dots', () => '....'],
    ['text beyond ASCII', () => '😀\u0000\ud800'],
    ['quoted, like some cookies', (pending) => `"${pending}"`],
    ['an unsigned JWT', () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.e30.`],
    [
      'sealed with a password of an attacker',
      (pending) => {
        const header = { alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', p2s: 'c2FsdA', p2c: 2_000_000_000 };
        return [Buffer.from(JSON.stringify(header)).toString('base64url'), ...pending.split('.').slice(1)].join('.');
      },
    ],
  ])('that is %s is rejected', async (_, change) => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    expect(await reasonOf(client.exchange(`?code=some-code&state=${state}`, change(pending)))).toMatchObject({
      name: 'CallbackError',
      code: 'state_mismatch',
    });
    expect(forms).toHaveLength(0);
  });

  it.each<[string, Partial<AuthorizationCodeClientOptions>]>([
    ['another application', { clientId: 'app-2' }],
    ['another secret', { clientSecret: 'the-secret-of-app-2' }],
    ['another redirect URI', { redirectUri: 'https://app.example/other' }],
    ['an equivalent redirect URI with other bytes', { redirectUri: 'https://APP.example/callback' }],
  ])('of %s is rejected', async (_, options) => {
    const { client, forms } = setUp();
    const { state, pending } = await setUp(options).client.authorize();
    expect(await reasonOf(client.exchange(`?code=some-code&state=${state}`, pending))).toMatchObject({
      name: 'CallbackError',
      code: 'state_mismatch',
    });
    expect(forms).toHaveLength(0);
  });

  it('of another browser is rejected', async () => {
    const { client, forms } = setUp();
    const [victim, attacker] = [await client.authorize(), await client.authorize()];
    const forged = `?code=code-of-the-attacker&state=${attacker.state}`;
    expect(await reasonOf(client.exchange(forged, victim.pending))).toMatchObject({ code: 'state_mismatch' });
    expect(forms).toHaveLength(0);
  });

  it('can be opened by every instance with the same options', async () => {
    const [one, other] = [setUp({ scope: ['file.read'] }), setUp()];
    const { state, pending } = await one.client.authorize();
    const token = await other.client.exchange(`?code=some-code&state=${state}`, pending);
    expect(token.scope).toEqual(['file.read']);
    expect(other.forms[0]?.get('code_verifier')).toMatch(/^[\w.~-]{43,128}$/);
    expect(one.forms).toHaveLength(0);
  });

  it('that was used on one instance is sent by another one, and the server rejects its code', async () => {
    const [one, other] = [setUp(), setUp()];
    const { state, pending } = await one.client.authorize();
    await one.client.exchange(`?code=some-code&state=${state}`, pending);
    await other.client.exchange(`?code=some-code&state=${state}`, pending);
    expect([one.forms.length, other.forms.length]).toEqual([1, 1]);
  });

  describe('of a public client', () => {
    const { clientId, redirectUri } = valid;

    function setUpPublic() {
      const { fetch, forms } = tokenEndpoint();
      return { client: new AuthorizationCodeClient({ clientId, redirectUri, fetch }), forms };
    }

    it('can be exchanged without a secret', async () => {
      const { client, forms } = setUpPublic();
      const { state, pending } = await client.authorize();
      await client.exchange(`?code=some-code&state=${state}`, pending);
      expect([...(forms[0]?.keys() ?? [])].sort()).toEqual([
        'client_id',
        'code',
        'code_verifier',
        'grant_type',
        'redirect_uri',
      ]);
    });

    it('cannot be opened by another instance', async () => {
      const [one, other] = [setUpPublic(), setUpPublic()];
      const { state, pending } = await one.client.authorize();
      expect(await reasonOf(other.client.exchange(`?code=some-code&state=${state}`, pending))).toMatchObject({
        name: 'CallbackError',
        code: 'state_mismatch',
      });
      expect(other.forms).toHaveLength(0);
    });
  });
});

describe('the issuer', () => {
  it.each([
    ['absent', ''],
    ['empty', '&iss='],
    ['another', '&iss=https://evil.example'],
    ['the same with a trailing slash', `&iss=${issuer}/`],
    ['the same in upper case', `&iss=${issuer.toUpperCase()}`],
  ])('is rejected if it is %s and an issuer is configured, also for an error', async (_, iss) => {
    for (const outcome of ['code=some-code', 'error=access_denied']) {
      const { client, forms } = setUp({ issuer });
      const { state, pending } = await client.authorize();
      expect(await reasonOf(client.exchange(`?${outcome}&state=${state}${iss}`, pending))).toMatchObject({
        name: 'CallbackError',
        code: 'issuer_mismatch',
      });
      expect(forms).toHaveLength(0);
    }
  });

  it('is accepted if it is the configured one', async () => {
    const { client, forms } = setUp({ issuer });
    const { state, pending } = await client.authorize();
    await client.exchange(`?code=some-code&state=${state}&iss=${encodeURIComponent(issuer)}`, pending);
    expect(forms).toHaveLength(1);
  });

  it('is ignored if none is configured', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    await client.exchange(`?code=some-code&state=${state}&iss=https://anyone.example`, pending);
    expect(forms).toHaveLength(1);
  });

  it('is checked after the state', async () => {
    const { client } = setUp({ issuer });
    const { pending } = await client.authorize();
    expect(await reasonOf(client.exchange('?code=some-code&state=other&iss=other', pending))).toMatchObject({
      code: 'state_mismatch',
    });
  });
});

describe('an error', () => {
  it('with the correct state is an OAuthError with the text of the server', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const said = 'error_description=The+user%20said+no&error_uri=https%3A%2F%2Fauth.example%2Fno';
    const error = await reasonOf(client.exchange(`?error=access_denied&${said}&state=${state}`, pending));
    expect(error).toMatchObject({
      name: 'OAuthError',
      code: 'access_denied',
      description: 'The user said no',
      uri: 'https://auth.example/no',
      message: expect.stringContaining('The user said no'),
    });
    expect(error).not.toHaveProperty('status');
    expect(forms).toHaveLength(0);
  });

  it('without the correct state is rejected', async () => {
    const { client } = setUp();
    const { state, pending } = await client.authorize();
    for (const [query, code] of [
      ['error=access_denied', 'state_missing'],
      ['error=access_denied&state=other', 'state_mismatch'],
    ]) {
      expect(await reasonOf(client.exchange(`?${query}`, pending))).toMatchObject({ name: 'CallbackError', code });
    }
    // the forged callbacks have not used up the sign-in
    await client.exchange(`?code=some-code&state=${state}`, pending);
  });

  it('takes precedence over a code', async () => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const callback = `?code=some-code&error=server_error&state=${state}`;
    expect(await reasonOf(client.exchange(callback, pending))).toMatchObject({ code: 'server_error' });
    expect(forms).toHaveLength(0);
  });

  it.each([
    ['with a quote', 'access%22denied'],
    ['with a backslash', 'access%5Cdenied'],
    ['with a line break', 'access%0Adenied'],
    ['beyond ASCII', 'verweigert%C3%BC'],
  ])('that is %s is malformed', async (_, error) => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const rejection = await reasonOf(client.exchange(`?error=${error}&code=some-code&state=${state}`, pending));
    expect(rejection).toMatchObject({ name: 'CallbackError', code: 'malformed_callback' });
    expect(forms).toHaveLength(0);
  });

  it('is quoted without control characters and up to 1,000 characters', async () => {
    const { client } = setUp();
    const { state, pending } = await client.authorize();
    const description = encodeURIComponent(`\u0007no\r\nSet-Cookie: a\u001b[31m\u0085${'x'.repeat(5_000)}`);
    const error = await reasonOf(
      client.exchange(`?error=access_denied&error_description=${description}&state=${state}`, pending),
    );
    expect(error).toMatchObject({ description: expect.stringMatching(/^no[\x20-\x7e]{900,998}$/) });
    expect(error).toMatchObject({ message: expect.stringMatching(/^[\x20-\x7e]{900,1200}$/) });
  });

  it.each(['javascript:alert(1)', 'data:text/html,x', 'file:///etc/passwd', '/relative', 'not a URL', '%00'])(
    'has no uri if error_uri is %s',
    async (uri) => {
      const { client } = setUp();
      const { state, pending } = await client.authorize();
      const callback = `?error=access_denied&error_uri=${encodeURIComponent(uri)}&state=${state}`;
      const error = await reasonOf(client.exchange(callback, pending));
      expect(error).toMatchObject({ name: 'OAuthError', code: 'access_denied' });
      expect(error).not.toHaveProperty('uri');
    },
  );
});

describe('the code', () => {
  it.each([
    ['absent', ''],
    ['empty', '&code='],
    ['with a line break', '&code=some%0Acode'],
    ['with a zero byte', '&code=some%00code'],
    ['beyond ASCII', '&code=%C3%BC'],
  ])('is rejected if it is %s', async (_, code) => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    expect(await reasonOf(client.exchange(`?state=${state}${code}`, pending))).toMatchObject({
      name: 'CallbackError',
      code: 'malformed_callback',
    });
    expect(forms).toHaveLength(0);
  });

  it('is sent to the token endpoint unchanged, with every character', async () => {
    const code = ' !"#$%&\'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~';
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    await client.exchange(`?state=${state}&code=${encodeURIComponent(code)}`, pending);
    expect(forms[0]?.get('code')).toBe(code);
  });
});

describe('the options of exchange', () => {
  it.each<[string, unknown, string?]>([
    ['null as options', null],
    ['a signal that is null', { signal: null }],
    ['an AbortController as signal', { signal: new AbortController() }],
    ['an unknown name', { singal: AbortSignal.abort() }, 'unknown_option'],
  ])('are rejected: %s', async (_, options, code = 'invalid_argument') => {
    const { client, forms } = setUp();
    const { state, pending } = await client.authorize();
    const error = await reasonOf(exchangeUntyped(client, `?code=some-code&state=${state}`, pending, options));
    expect(error).toMatchObject({ name: 'ConfigurationError', code });
    expect(forms).toHaveLength(0);
  });
});
