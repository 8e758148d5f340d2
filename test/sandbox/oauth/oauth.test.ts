import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createSandbox, memoryStore, type Sandbox, type SandboxOptions, StoreFullError } from '../../../src/sandbox.js';
import { appOf, codeClient, origin, served } from '../../support/sandbox.js';

const outOfBand = 'urn:ietf:wg:oauth:2.0:oob';
const callback = 'http://localhost:3000/callback';
const uuid = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/;
const customApps = [
  {
    clientId: '11111111-2222-4333-8444-555555555555',
    clientSecret: '66666666-7777-4888-9999-aaaaaaaaaaaa',
    type: 'server' as const,
    name: 'Custom',
    redirectUris: [
      'https://app.example/cb',
      'https://app.example/with?query=1',
      'http://127.0.0.1/native',
      'com.example.app:/cb',
      'https://fragment.example/#here',
    ],
  },
  {
    clientId: '22222222-2222-4333-8444-555555555555',
    type: 'server' as const,
    name: 'Public',
    redirectUris: ['loopback'],
  },
  {
    clientId: '33333333-2222-4333-8444-555555555555',
    clientSecret: '77777777-7777-4888-9999-aaaaaaaaaaaa',
    type: 'server' as const,
    name: 'Other',
    redirectUris: ['loopback'],
  },
];

/** A sandbox that approves every request as alice, and its endpoints. */
interface Endpoints {
  sandbox: Sandbox;
  url: string;
  clientId: string;
  clientSecret: string;
  browserId: string;
  send(path: string, init?: RequestInit): Promise<Response>;
}

function endpointsOf(sandbox: Sandbox, url: string, fetch: typeof globalThis.fetch): Endpoints {
  const server = appOf(sandbox, 'server');
  return {
    sandbox,
    url,
    clientId: server.clientId,
    clientSecret: server.clientSecret ?? '',
    browserId: sandbox.apps.find((app) => app.type === 'client')?.clientId ?? '',
    send: (path, init) => fetch(new URL(path, url), { redirect: 'manual', ...init }),
  };
}

function inMemory(options: SandboxOptions = {}): Endpoints {
  const sandbox = createSandbox({ autoApprove: 'alice', ...options });
  return endpointsOf(sandbox, origin, sandbox.fetch);
}

const server = await served({ autoApprove: 'alice' });
const transports: [string, () => Endpoints][] = [
  ['as a function', () => inMemory()],
  ['over HTTP', () => endpointsOf(server.sandbox, server.url, fetch)],
];

/** An authorization request. Parameters that are undefined are left out. */
function authorizePath(endpoints: Endpoints, changes: Record<string, string | undefined> = {}): string {
  const parameters: Record<string, string | undefined> = {
    response_type: 'code',
    client_id: endpoints.clientId,
    redirect_uri: callback,
    ...changes,
  };
  return `/oauth2?${Object.entries(parameters)
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')}`;
}

async function locationOf(response: Response): Promise<string> {
  const location = response.headers.get('location');
  if (response.status !== 303 || location === null) {
    throw new Error(`no redirect but ${response.status} ${await response.text()}`);
  }
  return location;
}

async function authorize(endpoints: Endpoints, changes: Record<string, string | undefined> = {}): Promise<string> {
  return locationOf(await endpoints.send(authorizePath(endpoints, changes)));
}

async function codeOf(endpoints: Endpoints, changes: Record<string, string | undefined> = {}): Promise<string> {
  return new URL(await authorize(endpoints, changes)).searchParams.get('code') ?? '';
}

function exchange(endpoints: Endpoints, changes: Record<string, string | undefined>): Promise<Response> {
  const form = new URLSearchParams();
  const parameters: Record<string, string | undefined> = {
    client_id: endpoints.clientId,
    client_secret: endpoints.clientSecret,
    grant_type: 'authorization_code',
    redirect_uri: callback,
    ...changes,
  };
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) form.append(name, value);
  return endpoints.send('/oauth2/token', { method: 'POST', body: form });
}

async function expectRefusal(response: Response, error: string): Promise<void> {
  expect([response.status, await response.json()]).toEqual([400, { error, error_description: expect.any(String) }]);
  expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  expect(response.headers.get('location')).toBeNull();
}

async function accountOf(endpoints: Endpoints, token: string): Promise<number> {
  const response = await endpoints.send('/v1/account', { headers: { authorization: `Bearer ${token}` } });
  return response.status;
}

function pkcePair(): { verifier: string; challenge: string } {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

describe.each(transports)('the code grant %s', (_name, open) => {
  it('redirects with a code, the state and the issuer, and nothing else', async () => {
    const endpoints = open();
    const location = new URL(await authorize(endpoints, { state: 'a b&c=d+e/ü' }));
    expect(location.origin + location.pathname).toBe(callback);
    expect(location.hash).toBe('');
    expect(Object.fromEntries(location.searchParams)).toEqual({
      code: expect.stringMatching(uuid),
      state: 'a b&c=d+e/ü',
      iss: new URL(endpoints.url).origin,
    });
  });

  it('appends to the query of the redirect URI', async () => {
    const location = await authorize(open(), { redirect_uri: 'http://localhost:3000/cb?x=1', state: 's' });
    expect(location).toMatch(/^http:\/\/localhost:3000\/cb\?x=1&code=[^&]+&state=s&iss=/);
  });

  it('responds to an exchange with exactly the documented keys and the scope', async () => {
    const endpoints = open();
    const response = await exchange(endpoints, { code: await codeOf(endpoints, { scope: 'file.read account.read' }) });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(await response.json()).toEqual({
      access_token: expect.stringMatching(uuid),
      token_type: 'Bearer',
      expires_in: 157_680_000,
      refresh_token: '[deprecated]',
      scope: 'file.read account.read',
    });
  });

  it('issues a token that works, and a different one each time', async () => {
    const endpoints = open();
    const tokens = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const response = await exchange(endpoints, { code: await codeOf(endpoints) });
      const { access_token } = await response.json();
      expect(await accountOf(endpoints, access_token)).toBe(200);
      tokens.add(access_token);
    }
    expect(tokens.size).toBe(3);
  });

  it('refuses a code that is sent twice, and keeps the token valid', async () => {
    const endpoints = open();
    const code = await codeOf(endpoints);
    const { access_token } = await (await exchange(endpoints, { code })).json();
    await expectRefusal(await exchange(endpoints, { code }), 'invalid_grant');
    expect(await accountOf(endpoints, access_token)).toBe(200);
  });

  it('issues one token when a code is sent many times at once', async () => {
    const endpoints = open();
    const code = await codeOf(endpoints);
    const responses = await Promise.all(Array.from({ length: 10 }, () => exchange(endpoints, { code })));
    expect(responses.filter((response) => response.status === 200)).toHaveLength(1);
    expect(responses.filter((response) => response.status === 400)).toHaveLength(9);
  });

  it('accepts the out-of-band URN in the exchange for any redirect URI', async () => {
    const endpoints = open();
    const code = await codeOf(endpoints);
    expect((await exchange(endpoints, { code, redirect_uri: outOfBand })).status).toBe(200);
  });

  it.each([
    ['another one', 'http://localhost:3000/other'],
    ['another port', 'http://localhost:3001/callback'],
    ['a slash more', 'http://localhost:3000/callback/'],
    ['none', undefined],
    ['an empty one', ''],
  ])('refuses %s as the redirect URI of the exchange', async (_what, redirect_uri) => {
    const endpoints = open();
    const code = await codeOf(endpoints);
    await expectRefusal(await exchange(endpoints, { code, redirect_uri }), 'invalid_grant');
  });

  it('accepts an exchange in chunks, without a length, as the JavaScript client of 2013 sends it', async () => {
    const endpoints = open();
    const code = await codeOf(endpoints);
    const { clientId, clientSecret } = endpoints;
    const text = `code=${code}&client_id=${clientId}&client_secret=${clientSecret}&redirect_uri=${encodeURIComponent(outOfBand)}&grant_type=authorization_code`;
    const response = await endpoints.send('/oauth2/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new Blob([text]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(200);
    expect((await response.json()).expires_in).toBe(157_680_000);
  });

  it('ignores unknown parameters', async () => {
    const endpoints = open();
    const code = await codeOf(endpoints, { type: 'web_server', oa2fc: 'x', prompt: 'consent', nonce: '1' });
    const response = await exchange(endpoints, { code, type: 'web_server', resource: 'y', scope: 'nothing' });
    expect(response.status).toBe(200);
  });

  it.each([
    ['an unknown code', { code: '2f7b2a51-6a3e-4c5f-9d0b-1d1e2f3a4b5c' }, 'invalid_grant'],
    ['a code that is not a UUID', { code: 'x y' }, 'invalid_grant'],
    ['no code', {}, 'invalid_request'],
    ['a client id that is not a UUID', { code: 'c', client_id: 'nobody' }, 'invalid_client'],
    ['an unknown client id', { code: 'c', client_id: '99999999-2222-4333-8444-555555555555' }, 'invalid_client'],
    ['no client id', { code: 'c', client_id: undefined }, 'invalid_client'],
    ['a secret that is not a UUID', { code: 'c', client_secret: 'secret' }, 'invalid_client'],
    ['a wrong secret', { code: 'c', client_secret: '99999999-2222-4333-8444-555555555555' }, 'invalid_client'],
    ['no secret', { code: 'c', client_secret: undefined }, 'invalid_client'],
    ['an empty secret', { code: 'c', client_secret: '' }, 'invalid_client'],
    ['no grant type', { code: 'c', grant_type: undefined }, 'unsupported_grant_type'],
    ['another grant type', { code: 'c', grant_type: 'password' }, 'unsupported_grant_type'],
    ['a refresh token', { grant_type: 'refresh_token', refresh_token: '[deprecated]' }, 'invalid_grant'],
  ])('refuses %s', async (_what, changes: Record<string, string | undefined>, error) => {
    const response = await exchange(open(), changes);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    await expectRefusal(response, error);
  });

  it('refuses the refresh request of the browser clients of 2013 with JSON', async () => {
    const endpoints = open();
    const response = await endpoints.send('/oauth2/token', {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'http://localhost:8000' },
      body: `refresh_token=undefined&client_id=${endpoints.browserId}&client_secret=null&grant_type=refresh_token`,
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    await expectRefusal(response, 'invalid_grant');
  });

  it.each([
    ['nothing', '', undefined],
    ['JSON', '{"client_id":"x"}', 'application/json'],
    ['broken escapes', 'client_id=%zz&code=%', 'application/x-www-form-urlencoded'],
    ['bytes that are no UTF-8', Uint8Array.of(0xff, 0xfe, 0x00), 'application/x-www-form-urlencoded'],
  ])('refuses a body of %s with JSON', async (_what, body, type) => {
    const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type };
    await expectRefusal(await open().send('/oauth2/token', { method: 'POST', headers, body }), 'invalid_client');
  });

  it('refuses a body that is too large with JSON', async () => {
    const response = await open().send('/oauth2/token', { method: 'POST', body: 'x'.repeat(70_000) });
    expect(response.status).toBe(413);
    expect((await response.json()).error).toBe('invalid_request');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('refuses such bodies one after another without closing the connection', async () => {
    const endpoints = open();
    for (let i = 0; i < 4; i++) {
      const response = await endpoints.send('/oauth2/token', { method: 'POST', body: 'x'.repeat(1024 * 1024) });
      expect([response.status, (await response.json()).error]).toEqual([413, 'invalid_request']);
      await expectRefusal(await exchange(endpoints, { code: 'x' }), 'invalid_grant');
    }
  });

  it('responds to the preflight of the token endpoint', async () => {
    const response = await open().send('/oauth2/token', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-methods')).toContain('POST');
    expect(response.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('content-type');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });
});

describe('every failure of the token endpoint is JSON as OAuth has it', () => {
  /** A sandbox whose store rejects each commit with this error, from when `fail` is called. */
  function failing(error: Error) {
    const store = memoryStore();
    const { commit } = store;
    const fail = () => {
      store.commit = () => Promise.reject(error);
    };
    return { fail, repair: () => Object.assign(store, { commit }), endpoints: inMemory({ store }) };
  }

  async function expectOAuthError(response: Response, status: number, error: string): Promise<void> {
    expect([response.status, await response.json()]).toEqual([
      status,
      { error, error_description: expect.any(String) },
    ]);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  }

  it('on a full disk, which does not use up the code', async () => {
    const { endpoints, fail, repair } = failing(new StoreFullError('full'));
    const code = await codeOf(endpoints);
    fail();
    await expectOAuthError(await exchange(endpoints, { code }), 507, 'server_error');
    const client = codeClient(endpoints.sandbox);
    const { url, pending } = await client.authorize();
    repair();
    const signedIn = await endpoints.sandbox.authorize(url, { username: 'alice' });
    fail();
    await expect(client.exchange(signedIn, pending)).rejects.toMatchObject({
      name: 'OAuthError',
      code: 'server_error',
      status: 507,
      description: expect.stringContaining('the disk of the sandbox is full'),
    });
    repair();
    expect((await exchange(endpoints, { code })).status).toBe(200);
  });

  it('after an unexpected error, which is not quoted', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    onTestFinished(() => printed.mockRestore());
    const { endpoints, fail } = failing(new RangeError('with a secret in its message'));
    const code = await codeOf(endpoints);
    fail();
    const response = await exchange(endpoints, { code });
    expect(await response.clone().text()).not.toContain('secret');
    await expectOAuthError(response, 500, 'server_error');
    expect(String(printed.mock.calls)).toContain('RangeError');
  });

  it.each(['GET', 'PUT', 'PATCH', 'DELETE'])('after a request with the method %s', async (method) => {
    const response = await inMemory().send('/oauth2/token?code=c', { method });
    expect(response.headers.get('allow')).toBe('POST');
    await expectOAuthError(response, 405, 'invalid_request');
  });

  it.each(['/oauth2/token/', '/oauth2/token/x'])('at the wrong path %s', async (path) => {
    const response = await inMemory().send(path, { method: 'POST' });
    await expectOAuthError(response, 404, 'invalid_request');
  });

  it('after a body that is cut off', async () => {
    const body = new ReadableStream({ pull: (controller) => controller.error(new Error('cut')) });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    await expectOAuthError(await inMemory().send('/oauth2/token', init), 400, 'invalid_request');
  });

  it('after a body that is too large', async () => {
    const response = await inMemory().send('/oauth2/token', { method: 'POST', body: 'x'.repeat(70_000) });
    await expectOAuthError(response, 413, 'invalid_request');
  });

  it.each([
    ['status=503,retry-after=7', 503, 'temporarily_unavailable'],
    ['status=429', 429, 'temporarily_unavailable'],
    ['status=500', 500, 'server_error'],
    ['status=418', 418, 'invalid_request'],
    ['no such fault', 400, 'invalid_request'],
  ])('after the fault "%s"', async (fault, status, error) => {
    const headers = { 'x-doctape-fault': fault };
    const response = await inMemory().send('/oauth2/token', { method: 'POST', headers, body: 'code=c' });
    expect(response.headers.get('retry-after')).toBe(fault.includes('retry-after') ? '7' : null);
    await expectOAuthError(response, status, error);
  });
});

describe('an empty parameter counts as absent', () => {
  it('in a token request, beside one with a value or alone', async () => {
    const endpoints = inMemory();
    const form = new URLSearchParams('code=&client_id=&client_secret=&grant_type=&redirect_uri=&code_verifier=');
    form.append('code', await codeOf(endpoints));
    form.append('client_id', endpoints.clientId);
    form.append('client_secret', endpoints.clientSecret);
    form.append('grant_type', 'authorization_code');
    form.append('redirect_uri', callback);
    form.append('code', '');
    expect((await endpoints.send('/oauth2/token', { method: 'POST', body: form })).status).toBe(200);
  });

  it('in an authorization request, beside one with a value', async () => {
    const endpoints = inMemory();
    const empty = 'client_id=&response_type=&redirect_uri=&scope=&state=&code_challenge=&code_challenge_method=';
    const path = `${authorizePath(endpoints, { state: 'mine' })}&${empty}`;
    const location = new URL(await locationOf(await endpoints.send(path)));
    expect([location.searchParams.get('state'), location.searchParams.get('code')]).toEqual([
      'mine',
      expect.any(String),
    ]);
  });

  it('and does not turn PKCE off', async () => {
    const endpoints = inMemory();
    const { challenge } = pkcePair();
    const code = await codeOf(endpoints, { code_challenge: challenge, code_challenge_method: 'S256' });
    await expectRefusal(await exchange(endpoints, { code, code_verifier: '' }), 'invalid_grant');
  });
});

describe.each(['client_id', 'client_secret', 'grant_type', 'code', 'redirect_uri', 'code_verifier'])(
  'a token request that repeats %s',
  (name) => {
    it('is refused', async () => {
      const endpoints = inMemory();
      const form = new URLSearchParams({
        client_id: endpoints.clientId,
        client_secret: endpoints.clientSecret,
        grant_type: 'authorization_code',
        redirect_uri: callback,
        code: await codeOf(endpoints),
      });
      form.append(name, form.get(name) ?? 'x');
      if (name === 'code_verifier') form.append(name, 'y');
      await expectRefusal(await endpoints.send('/oauth2/token', { method: 'POST', body: form }), 'invalid_request');
    });
  },
);

describe('a code', () => {
  it('is valid for ten minutes', async () => {
    let time = 1_400_000_000_000;
    const endpoints = inMemory({ now: () => time });
    const inTime = await codeOf(endpoints);
    const late = await codeOf(endpoints);
    time += 599_999;
    expect((await exchange(endpoints, { code: inTime })).status).toBe(200);
    time += 1;
    await expectRefusal(await exchange(endpoints, { code: late }), 'invalid_grant');
  });

  it('is invalid for another application, and stays valid for its own', async () => {
    const endpoints = inMemory({ apps: customApps });
    const mine = { redirect_uri: 'https://app.example/cb' };
    const code = await codeOf(endpoints, mine);
    const [, , other] = customApps;
    const stolen = await exchange(endpoints, {
      ...mine,
      code,
      client_id: other?.clientId,
      client_secret: other?.clientSecret,
    });
    await expectRefusal(stolen, 'invalid_grant');
    expect((await exchange(endpoints, { ...mine, code })).status).toBe(200);
  });

  it('is not used up by a wrong secret', async () => {
    const endpoints = inMemory();
    const code = await codeOf(endpoints);
    await expectRefusal(await exchange(endpoints, { code, client_secret: 'wrong' }), 'invalid_client');
    expect((await exchange(endpoints, { code })).status).toBe(200);
  });

  it('is not accepted as a token, nor a token as a code', async () => {
    const endpoints = inMemory();
    const code = await codeOf(endpoints);
    expect(await accountOf(endpoints, code)).toBe(401);
    const { access_token } = await (await exchange(endpoints, { code })).json();
    await expectRefusal(await exchange(endpoints, { code: access_token }), 'invalid_grant');
  });

  it('is deleted by a reset', async () => {
    const endpoints = inMemory();
    const code = await codeOf(endpoints);
    const { access_token } = await (await exchange(endpoints, { code: await codeOf(endpoints) })).json();
    await endpoints.sandbox.reset();
    await expectRefusal(await exchange(endpoints, { code }), 'invalid_grant');
    expect(await accountOf(endpoints, access_token)).toBe(401);
  });
});

describe('a token', () => {
  it('is valid for five years', async () => {
    let time = 1_400_000_000_000;
    const endpoints = inMemory({ now: () => time });
    const { access_token } = await (await exchange(endpoints, { code: await codeOf(endpoints) })).json();
    time += 157_680_000_000 - 1;
    expect(await accountOf(endpoints, access_token)).toBe(200);
    time += 1;
    expect(await accountOf(endpoints, access_token)).toBe(401);
  });
});

describe('PKCE', () => {
  it('accepts the code with the right verifier', async () => {
    const endpoints = inMemory();
    const { verifier, challenge } = pkcePair();
    const code = await codeOf(endpoints, { code_challenge: challenge, code_challenge_method: 'S256' });
    expect((await exchange(endpoints, { code, code_verifier: verifier })).status).toBe(200);
  });

  it('accepts the example of RFC 7636', async () => {
    const endpoints = inMemory();
    const code = await codeOf(endpoints, {
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    });
    const code_verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    expect((await exchange(endpoints, { code, code_verifier })).status).toBe(200);
  });

  it.each([
    ['a wrong verifier', pkcePair().verifier],
    ['no verifier', undefined],
    ['an empty verifier', ''],
  ])('refuses %s', async (_what, code_verifier) => {
    const endpoints = inMemory();
    const { challenge } = pkcePair();
    const code = await codeOf(endpoints, { code_challenge: challenge, code_challenge_method: 'S256' });
    await expectRefusal(await exchange(endpoints, { code, code_verifier }), 'invalid_grant');
  });

  it('refuses the challenge as a verifier', async () => {
    const endpoints = inMemory();
    const { challenge } = pkcePair();
    const code = await codeOf(endpoints, { code_challenge: challenge, code_challenge_method: 'S256' });
    await expectRefusal(await exchange(endpoints, { code, code_verifier: challenge }), 'invalid_grant');
  });

  it('refuses a verifier for a code that was requested without a challenge', async () => {
    const endpoints = inMemory();
    const code = await codeOf(endpoints);
    await expectRefusal(await exchange(endpoints, { code, code_verifier: pkcePair().verifier }), 'invalid_grant');
  });

  it.each([
    ['the plain method', { code_challenge: pkcePair().challenge, code_challenge_method: 'plain' }],
    ['no method, which means plain', { code_challenge: pkcePair().challenge }],
    ['a method in small letters', { code_challenge: pkcePair().challenge, code_challenge_method: 's256' }],
    ['a challenge that is not a hash', { code_challenge: 'short', code_challenge_method: 'S256' }],
    ['a challenge with padding', { code_challenge: `${pkcePair().challenge}=`, code_challenge_method: 'S256' }],
  ])('refuses %s', async (_what, changes: Record<string, string>) => {
    const location = new URL(await authorize(inMemory(), { ...changes, state: 's' }));
    expect(location.searchParams.get('error')).toBe('invalid_request');
    expect(location.searchParams.get('state')).toBe('s');
    expect(location.searchParams.has('code')).toBe(false);
  });

  it('is required for an application without a secret', async () => {
    const endpoints = inMemory({ apps: customApps });
    const client_id = customApps[1]?.clientId;
    const location = new URL(await authorize(endpoints, { client_id }));
    expect(location.searchParams.get('error')).toBe('invalid_request');

    const { verifier, challenge } = pkcePair();
    const code = await codeOf(endpoints, { client_id, code_challenge: challenge, code_challenge_method: 'S256' });
    const proof = { client_id, client_secret: undefined, code };
    expect((await exchange(endpoints, { ...proof, code_verifier: verifier })).status).toBe(200);
  });
});

describe.each(transports)('the implicit grant %s', (_name, open) => {
  const implicit = (endpoints: Endpoints, changes: Record<string, string | undefined> = {}) =>
    authorize(endpoints, { response_type: 'token', client_id: endpoints.browserId, ...changes });

  it('sends the token in the fragment: the state, then the keys as captured', async () => {
    const endpoints = open();
    const location = await implicit(endpoints, { state: 'st ate', scope: 'account.read file.read' });
    const [address, fragment = ''] = location.split('#');
    expect(address).toBe(callback);
    expect(fragment.split('&').map((pair) => pair.split('=', 1)[0])).toEqual([
      'state',
      'access_token',
      'token_type',
      'expires_in',
      'scope',
      'iss',
    ]);
    expect(fragment).toContain('state=st%20ate&');
    expect(fragment).toContain('&token_type=Bearer&expires_in=157680000&scope=account.read%20file.read');
    expect(fragment).not.toContain('+');
    const token = new URLSearchParams(fragment).get('access_token') ?? '';
    expect(token).toMatch(uuid);
    expect(await accountOf(endpoints, token)).toBe(200);
  });

  it('starts with the token if the request had no state', async () => {
    expect(await implicit(open())).toMatch(/^http:\/\/localhost:3000\/callback#access_token=[\da-f-]{36}&token_type=/);
  });

  it('appends the fragment to a redirect URI with a query', async () => {
    const location = await implicit(open(), { redirect_uri: 'http://localhost:3000/cb?x=1' });
    expect(location).toMatch(/^http:\/\/localhost:3000\/cb\?x=1#access_token=/);
  });

  it('issues neither a refresh token nor a code', async () => {
    const fragment = new URLSearchParams((await implicit(open())).split('#')[1]);
    expect(fragment.has('refresh_token')).toBe(false);
    expect(fragment.has('code')).toBe(false);
  });

  it('reports errors in the fragment, with the state, and nothing in the query', async () => {
    const endpoints = open();
    const location = new URL(await implicit(endpoints, { scope: 'nonsense', state: 's' }));
    expect(location.search).toBe('');
    expect(Object.fromEntries(new URLSearchParams(location.hash.slice(1)))).toEqual({
      state: 's',
      error: 'invalid_scope',
      error_description: expect.any(String),
      iss: new URL(endpoints.url).origin,
    });
  });
});

describe.each(transports)('the authorization endpoint %s', (_name, open) => {
  it('reports errors of the code grant in the query, with the state and the issuer', async () => {
    const endpoints = open();
    const location = new URL(await authorize(endpoints, { scope: 'file.read nonsense', state: 'a b' }));
    expect(location.hash).toBe('');
    expect(Object.fromEntries(location.searchParams)).toEqual({
      error: 'invalid_scope',
      error_description: expect.any(String),
      state: 'a b',
      iss: new URL(endpoints.url).origin,
    });
  });

  it.each([undefined, '', 'id_token', 'code token', 'CODE'])(
    'reports the response type %j by a redirect',
    async (type) => {
      const location = new URL(await authorize(open(), { response_type: type, state: 's' }));
      expect(location.searchParams.get('error')).toBe('unsupported_response_type');
      expect(location.searchParams.get('state')).toBe('s');
    },
  );

  it('refuses the wrong application type with the captured body, without a redirect', async () => {
    const endpoints = open();
    const captured = {
      error: 'unauthorized_client',
      error_description: 'wrong application type for this response_type',
    };
    for (const changes of [
      { response_type: 'code', client_id: endpoints.browserId },
      { response_type: 'token', client_id: endpoints.clientId },
    ]) {
      const response = await endpoints.send(authorizePath(endpoints, changes));
      expect(response.status).toBe(400);
      expect(response.headers.get('location')).toBeNull();
      expect(await response.json()).toEqual(captured);
    }
  });

  it.each([undefined, '', 'nobody', '99999999-2222-4333-8444-555555555555', '__proto__', 'constructor'])(
    'refuses the client id %j without a redirect',
    async (client_id) => {
      const endpoints = open();
      await expectRefusal(await endpoints.send(authorizePath(endpoints, { client_id })), 'invalid_request');
    },
  );

  it('accepts a redirect URI that is not percent-encoded', async () => {
    const endpoints = open();
    const response = await endpoints.send(
      `/oauth2?response_type=code&client_id=${endpoints.clientId}&scope=account.read&redirect_uri=http://localhost:3000/cb?x=1&state=s`,
    );
    expect(await locationOf(response)).toMatch(/^http:\/\/localhost:3000\/cb\?x=1&code=[^&]+&state=s&iss=/);
  });

  it('returns the state "undefined" unchanged', async () => {
    const endpoints = open();
    expect(new URL(await authorize(endpoints, { state: 'undefined' })).searchParams.get('state')).toBe('undefined');
  });

  it.each([undefined, ''])('returns no state for the state %j', async (state) => {
    expect(new URL(await authorize(open(), { state })).searchParams.has('state')).toBe(false);
  });

  it('returns any state unchanged', async () => {
    const state = '<script>"\'&=#?%00\r\n日本😀+ ';
    expect(new URL(await authorize(open(), { state })).searchParams.get('state')).toBe(state);
  });

  it('treats invalid escapes as text', async () => {
    const endpoints = open();
    const location = await locationOf(await endpoints.send(`${authorizePath(endpoints)}&state=100%zz%`));
    expect(new URL(location).searchParams.get('state')).toBe('100%zz%');
  });

  it.each(['+', '%20', '%20%20', '+%20+'])('accepts %s between scopes', async (gap) => {
    const endpoints = open();
    const location = await locationOf(
      await endpoints.send(`${authorizePath(endpoints)}&scope=account.read${gap}file.read`),
    );
    const response = await exchange(endpoints, { code: new URL(location).searchParams.get('code') ?? '' });
    expect((await response.json()).scope).toBe('account.read file.read');
  });

  it('ignores unknown parameters, even if they are repeated', async () => {
    const endpoints = open();
    const response = await endpoints.send(`${authorizePath(endpoints)}&type=web_server&oa2fc=1&oa2fc=2&type=other`);
    expect(new URL(await locationOf(response)).searchParams.get('code')).toMatch(uuid);
  });

  it.each(['client_id', 'response_type', 'redirect_uri', 'scope', 'state', 'code_challenge', 'code_challenge_method'])(
    'does not issue a code if %s is repeated',
    async (name) => {
      const endpoints = open();
      const value = { client_id: endpoints.clientId, response_type: 'code', redirect_uri: callback }[name] ?? 'x';
      const path = authorizePath(endpoints, { scope: 'account.read', state: 's', [name]: value });
      const response = await endpoints.send(`${path}&${name}=${encodeURIComponent(value)}`);
      const location = response.headers.get('location');
      if (location === null) await expectRefusal(response, 'invalid_request');
      else expect(new URL(location).searchParams.get('error')).toBe('invalid_request');
    },
  );
});

describe('scopes', () => {
  async function granted(scope: string | undefined): Promise<string> {
    const endpoints = inMemory();
    return (await (await exchange(endpoints, { code: await codeOf(endpoints, { scope }) })).json()).scope;
  }

  it.each([
    [undefined, 'account.read'],
    ['', 'account.read'],
    ['  ', 'account.read'],
    ['account', 'account.read'],
    ['upload', 'file.create'],
    ['docs', 'file.read file.update file.delete tape.read tape.update'],
    ['account docs upload', 'account.read file.read file.update file.delete tape.read tape.update file.create'],
    ['file.read account', 'file.read account.read'],
    ['file.read docs file.read', 'file.read file.update file.delete tape.read tape.update'],
    [
      'account.read file.create file.read file.update file.delete tape.read tape.update',
      'account.read file.create file.read file.update file.delete tape.read tape.update',
    ],
  ])('requested as %j are granted as %j', async (requested, expected) => {
    expect(await granted(requested)).toBe(expected);
  });

  it.each(['app', 'file.unlink', 'file.read,file.create', 'FILE.READ', 'toString', '__proto__', 'file.read\tdocs'])(
    'such as %j are refused',
    async (scope) => {
      const location = new URL(await authorize(inMemory(), { scope }));
      expect(location.searchParams.get('error')).toBe('invalid_scope');
    },
  );
});

describe('redirect URIs', () => {
  it.each([
    'http://localhost/',
    'http://localhost:3000/cb',
    'https://localhost:8443/cb',
    'http://127.0.0.1:49152/cb?x=1',
    'http://127.0.0.42/',
    'http://[::1]:5000/cb',
    'http://LOCALHOST:1/',
  ])('of this machine are allowed for an application that registered "loopback": %s', async (redirect_uri) => {
    expect(await authorize(inMemory(), { redirect_uri })).toContain('code=');
  });

  it.each([
    undefined,
    '',
    '/relative',
    'callback',
    '//localhost/cb',
    'http://localhost.evil.com/',
    'http://evil.com/',
    'http://evil.com/localhost',
    'http://evil.com?http://localhost/',
    'http://127.0.0.1.evil.com/',
    'http://1270.0.0.1/',
    'http://128.0.0.1/',
    'http://evil-localhost/',
    'http://localhost@evil.com/',
    'http://user@localhost/',
    'http://user:password@localhost/',
    'http://:password@localhost/',
    'http://localhost/#fragment',
    'http://localhost/#',
    'javascript:alert(1)',
    'javascript://localhost/%0aalert(1)',
    'data:text/html,localhost',
    'ftp://localhost/',
    'file://localhost/etc/passwd',
    'com.example.app:/cb',
    'http://[::2]/',
    'http://0.0.0.0/',
    'http://',
    'urn:ietf:wg:oauth:2.0:oob:auto',
    'urn:ietf:wg:oauth:2.0:OOB',
    'loopback',
  ])('of other machines are refused without a redirect: %s', async (redirect_uri) => {
    const endpoints = inMemory();
    await expectRefusal(await endpoints.send(authorizePath(endpoints, { redirect_uri })), 'invalid_request');
  });

  it.each([
    'http://localhost:3000/\r\nSet-Cookie: a=b',
    'http://localhost:3000/\nx',
    'http://local\thost/',
    'http://localhost:3000/\u0000',
    ' http://localhost:3000/',
    'http://localhost:3000/cb ',
  ])('with control characters or stray spaces are refused: %j', async (redirect_uri) => {
    const endpoints = inMemory();
    await expectRefusal(await endpoints.send(authorizePath(endpoints, { redirect_uri })), 'invalid_request');
  });

  it('with non-ASCII letters get a redirect or a refusal, never a server error', async () => {
    for (const redirect_uri of ['http://localhost:3000/ü', 'http://localhost:3000/日本', 'http://localhost:3000/😀']) {
      const endpoints = inMemory();
      const { status } = await endpoints.send(authorizePath(endpoints, { redirect_uri }));
      expect([303, 400], redirect_uri).toContain(status);
    }
  });

  it('are compared exactly', async () => {
    const endpoints = inMemory({ apps: customApps });
    for (const redirect_uri of ['https://app.example/cb', 'https://app.example/with?query=1', 'com.example.app:/cb']) {
      expect((await authorize(endpoints, { redirect_uri })).startsWith(redirect_uri), redirect_uri).toBe(true);
    }
    for (const redirect_uri of [
      'https://app.example/cb/',
      'https://app.example/CB',
      'https://app.example/cb?x=1',
      'https://app.example/cb/..',
      'https://app.example/cb/../cb',
      'https://app.example:444/cb',
      'https://app.example:443/cb',
      'http://app.example/cb',
      'https://app.example.evil.com/cb',
      'https://evil.com/?https://app.example/cb',
      'https://app.example@evil.com/cb',
      'https://app.example/with',
      'https://app.example/with?query=2',
      'https://fragment.example/#here',
      'http://localhost:3000/callback',
      'loopback',
    ]) {
      const response = await endpoints.send(authorizePath(endpoints, { redirect_uri }));
      expect([redirect_uri, response.status]).toEqual([redirect_uri, 400]);
      await expectRefusal(response, 'invalid_request');
    }
  });

  it('of this machine match with any port, but nothing else may differ', async () => {
    const endpoints = inMemory({ apps: customApps });
    for (const redirect_uri of ['http://127.0.0.1/native', 'http://127.0.0.1:51004/native']) {
      expect(await authorize(endpoints, { redirect_uri })).toContain(`${redirect_uri}?code=`);
    }
    for (const redirect_uri of [
      'https://127.0.0.1:51004/native',
      'http://localhost:51004/native',
      'http://127.0.0.2:51004/native',
      'http://127.0.0.1:51004/native/',
      'http://127.0.0.1:51004/other',
      'http://127.0.0.1:51004/native?x=1',
    ]) {
      await expectRefusal(await endpoints.send(authorizePath(endpoints, { redirect_uri })), 'invalid_request');
    }
  });

  it('are checked before errors that are reported by a redirect', async () => {
    const endpoints = inMemory();
    const path = authorizePath(endpoints, { redirect_uri: 'https://evil.com/', scope: 'nonsense', response_type: 'x' });
    await expectRefusal(await endpoints.send(path), 'invalid_request');
  });

  it('can be the out-of-band URN for every application', async () => {
    const endpoints = inMemory({ apps: customApps });
    const response = await endpoints.send(authorizePath(endpoints, { redirect_uri: outOfBand }));
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<title>Success code=');
  });
});

describe('the issuer', () => {
  it('is the origin of the request', async () => {
    const endpoints = inMemory();
    const response = await endpoints.sandbox.fetch(`https://my.doctape.com${authorizePath(endpoints)}`);
    expect(new URL(await locationOf(response)).searchParams.get('iss')).toBe('https://my.doctape.com');
  });
});

describe('sandbox.authorize()', () => {
  const { url, sandbox } = { url: new URL('http://localhost/oauth2'), sandbox: createSandbox() };

  it.each<[string, unknown[], RegExp]>([
    ['no user', [url], /^options of authorize must be an object/],
    ['an unknown user', [url, { username: 'mallory' }], /^username must be one of alice, bob/],
    ['a relative URL', ['oauth2', { username: 'alice' }], /^url must be an absolute authorization URL/],
    [
      'an object that is not a URL',
      [Object.create(null), { username: 'alice' }],
      /^url must be an absolute authorization URL/,
    ],
  ])('is refused with %s', async (_what, given, message) => {
    await expect(Reflect.apply(sandbox.authorize, sandbox, given)).rejects.toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(message),
    });
  });
});

it.each([{}, null, 7, 'memory'])('createSandbox refuses a store that is not a Store: %j', (store) => {
  expect(() => createSandbox({ store: store as never })).toThrow(/^store must be memoryStore/);
});
