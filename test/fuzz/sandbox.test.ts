import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { isLoopback } from '../../src/protocol/urls.js';
import { createSandbox, type Sandbox } from '../../src/sandbox.js';
import {
  anyText,
  captureConsole,
  fuzzTimeout,
  headerText,
  inHeader,
  inPieces,
  mutated,
  outcomeOf,
  pieceLengths,
  testProperty,
  usually,
} from '../support/fuzz.js';
import { leaks } from '../support/leaks.js';
import { appOf, origin, tokenFor } from '../support/sandbox.js';
import { fetchChecked, type TestRequest, type TestResponse } from '../support/sandbox-response.js';

// The sandbox must send a documented response to any request. A 500 is a bug, and so is any output on the console.

const password = 'canary-password-4b1f6a0e92';
const clientSecret = 'canary-secret-77c20d5b31';
const redirectUri = 'http://localhost:3000/callback';

function testSandbox(): Sandbox {
  return createSandbox({
    users: [
      { username: 'alice', password },
      { username: 'bob', password },
    ],
    apps: [
      { clientId: 'server-app', clientSecret, type: 'server', name: 'A <b>server</b>', redirectUris: ['loopback'] },
      { clientId: 'page-app', type: 'client', name: 'A page', redirectUris: ['https://app.example/?a=b'] },
    ],
  });
}

const word = fc.oneof(
  anyText,
  inHeader(anyText).map(encodeURIComponent),
  fc.constantFrom('%', '%ZZ', '+', '%00', '%F0%9F'),
);

// The query of an authorization request, with random values in some parameters.

const good = {
  response_type: 'code',
  client_id: 'server-app',
  redirect_uri: redirectUri,
  scope: 'file.read account.read',
  state: 'THE-STATE',
  code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
  code_challenge_method: 'S256',
};
const value = fc.oneof(
  fc.constantFrom(...Object.values(good), 'token', 'page-app', 'https://app.example/?a=b', 'urn:ietf:wg:oauth:2.0:oob'),
  fc.constantFrom(
    'http://localhost\t/',
    'http://127.1/',
    'http://[::1]/',
    'http://localhost@evil.example/',
    'javascript:alert(1)',
  ),
  fc.constantFrom('http://localhost:99999/', 'http://localhost/#', '//localhost/', 'http://localhost\\@evil.example/'),
  anyText,
);
const query = fc.oneof(
  fc
    .dictionary(fc.constantFrom(...Object.keys(good)), value, { maxKeys: 4 })
    .map((changes) => new URLSearchParams({ ...good, ...changes }).toString()),
  fc
    .array(fc.tuple(fc.oneof(fc.constantFrom(...Object.keys(good)), anyText), value), { maxLength: 8 })
    .map((pairs) => new URLSearchParams(pairs).toString()),
  mutated(new URLSearchParams(good).toString()),
  word,
);

/** Normalizes a path as `Request` does. */
function normalized(path: string): string {
  const url = new URL(path.replace(/^\/*/, '/'), origin);
  return url.pathname + url.search;
}

describe('an authorization request', { timeout: fuzzTimeout }, () => {
  it('is responded to with a page, an error, or a redirect to a registered URI', async () => {
    const printed = captureConsole();
    const sandbox = testSandbox();
    const form = fc.oneof(
      fc.constant(undefined),
      fc.constantFrom('decision=deny&csrf=c', 'decision=allow&csrf=c&username=alice&password=x', 'csrf=%', ''),
      fc.constant(`decision=allow&csrf=c&username=alice&password=${password}`),
      mutated(`decision=allow&csrf=c&username=alice&password=${password}`),
    );
    await testProperty(600, [query, form], async (text, body) => {
      const sent: TestRequest = { path: normalized(`/oauth2?${text.replaceAll('#', '%23')}`) };
      if (body !== undefined)
        Object.assign(sent, { method: 'POST', body, headers: { cookie: 'doctape_sandbox_csrf=c' } });
      const { status, headers, text: page } = await fetchChecked(sandbox, sent);
      expect([200, 303, 400, 403, 413]).toContain(status);
      if (status === 400)
        expect(JSON.parse(page)).toEqual({ error: expect.any(String), error_description: expect.any(String) });
      if (status === 303) {
        const location = headers.get('location') ?? '';
        expect(location).toMatch(/^https?:\/\/[^\\]*$/i);
        expect(isLoopback(new URL(location)) || location.startsWith('https://app.example/?a=b')).toBe(true);
      }
      expect(page).not.toMatch(/<b>server|<script/i);
      // the page repeats the username, even if the password was typed there
      if (!new URLSearchParams(body).get('username')?.includes(password)) expect(page).not.toContain(password);
    });
    expect(printed).toEqual([]);
  });

  it('to sandbox.authorize() returns a URL or throws an error of the SDK', async () => {
    const sandbox = testSandbox();
    const url = fc.oneof(
      query.map((text) => `${origin}/oauth2?${text}`),
      anyText,
    );
    const username = usually(fc.constant('alice'), anyText);
    await testProperty(300, [url, username, fc.boolean()], async (request, name, approve) => {
      const outcome = await outcomeOf(
        () => sandbox.authorize(request, { username: name, approve }),
        [password, clientSecret],
      );
      if ('value' in outcome) expect(outcome.value).toBeInstanceOf(URL);
    });
  });

  it('with a random token request gets an OAuth error', async () => {
    const printed = captureConsole();
    const sandbox = testSandbox();
    const fields = {
      client_id: 'server-app',
      client_secret: clientSecret,
      grant_type: 'authorization_code',
      code: 'x',
      redirect_uri: redirectUri,
    };
    const form = fc.oneof(
      fc
        .dictionary(fc.constantFrom(...Object.keys(fields), 'code_verifier', 'refresh_token'), value, { maxKeys: 4 })
        .map((changes) => new URLSearchParams({ ...fields, ...changes }).toString()),
      mutated(new URLSearchParams(fields).toString()),
      fc.nat(200_000).map((length) => 'x'.repeat(length)),
    );
    const end = usually(fc.constant('closes' as const), fc.constant('breaks' as const));
    await testProperty(200, [form, pieceLengths, end], async (text, lengths, ending) => {
      const body = inPieces(
        new TextEncoder().encode(text),
        lengths.map((length) => length + 50),
        ending,
      );
      const response = await fetchChecked(sandbox, { method: 'POST', path: '/oauth2/token', body });
      expect([400, 413]).toContain(response.status);
      expect(JSON.parse(response.text)).toEqual({ error: expect.any(String), error_description: expect.any(String) });
      expect(leaks(response.text, [clientSecret])).toEqual([]);
    });
    expect(printed).toEqual([]);
  });
});

interface SignedIn {
  sandbox: Sandbox;
  api: ApiClient;
  send: (sent: TestRequest) => Promise<TestResponse>;
}

async function signedIn(): Promise<SignedIn> {
  const sandbox = testSandbox();
  const token = await tokenFor(sandbox, 'alice');
  const api = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch, retry: false });
  const authorization = `Bearer ${token.access_token}`;
  const send = (sent: TestRequest) => fetchChecked(sandbox, { ...sent, headers: { authorization, ...sent.headers } });
  return { sandbox, api, send };
}

describe('the API', { timeout: fuzzTimeout }, () => {
  it('responds to a range request with the requested range, the whole file or a 416', async () => {
    const printed = captureConsole();
    const { api, send } = await signedIn();
    const bytes = Uint8Array.from({ length: 200 }, (_, index) => index);
    const { id } = await api.files.upload(new Blob([bytes]));
    const number = fc.oneof(fc.nat(250), fc.constantFrom('', '-1', '1e3', ' 1', '9'.repeat(30), '0x10'));
    const range = fc.oneof(
      fc.tuple(number, number).map(([from, to]) => `bytes=${from}-${to}`),
      fc.tuple(number, number, number).map(([from, to, other]) => `bytes=${from}-${to},${other}-`),
      inHeader(mutated('bytes=1-10')),
      headerText,
    );
    const condition = fc.oneof(fc.constantFrom(`"${id}"`, `W/"${id}"`, '*', '"other"', `"other", "${id}"`), headerText);
    const headers = fc.record(
      { range, 'if-range': condition, 'if-none-match': condition },
      { requiredKeys: ['range'] },
    );
    await testProperty(400, [headers, fc.constantFrom('GET', 'HEAD')], async (fields, method) => {
      const {
        status,
        headers: responseHeaders,
        text,
      } = await send({ method, path: `/v1/doc/${id}/original`, headers: fields }).catch(async (error: unknown) => {
        if (method === 'GET') throw error;
        return { status: 416, headers: new Headers(), text: '' }; // the 416 of a HEAD has no body to check
      });
      expect([200, 206, 304, 416]).toContain(status);
      if (status === 206 && method === 'GET') {
        const [, from = 0, to = 0] = /^bytes (\d+)-(\d+)\/200$/.exec(responseHeaders.get('content-range') ?? '') ?? [];
        expect(text).toBe(new TextDecoder().decode(bytes.subarray(Number(from), Number(to) + 1)));
        expect(responseHeaders.get('content-length')).toBe(String(Number(to) - Number(from) + 1));
      }
      if (status === 200 && method === 'GET') expect(text).toBe(new TextDecoder().decode(bytes));
    });
    expect(printed).toEqual([]);
  });

  it('stores names, tags and stars unchanged, or rejects them', async () => {
    const printed = captureConsole();
    const tag = fc.oneof(
      anyText,
      anyText.map((text) => `#${text}`),
      anyText.map((text) => `+${text}`),
      fc.constantFrom('#', '+', '+bob', '#a/b'),
    );
    const changes = fc.record(
      { name: anyText, tags: fc.array(tag, { maxLength: 4 }), starred: fc.boolean() },
      { requiredKeys: [] },
    );
    await testProperty(250, [changes, anyText], async (wanted, name) => {
      const { api } = await signedIn(); // a new sandbox each time, because tapes cannot be deleted
      const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
      const outcome = await outcomeOf(() => api.files.update(id, wanted));
      if ('value' in outcome) {
        const { tags, starred } = outcome.value;
        if (wanted.tags) expect(tags).toEqual([...new Set(wanted.tags)]);
        if (wanted.starred !== undefined) expect(starred).toBe(wanted.starred);
      } else expect(outcome.error).toMatchObject({ code: expect.stringMatching(/^(http_400|invalid_argument)$/) });
      const uploaded = await outcomeOf(() => api.files.upload(new Blob(['y']), { name, tags: wanted.tags ?? [] }));
      if ('value' in uploaded) await api.files.delete(uploaded.value.id);
      for (const one of await api.tapes.list()) expect((await api.tapes.get(one.id)).name).toBe(one.name);
    });
    expect(printed).toEqual([]);
  });

  it('accepts or rejects any JSON body', async () => {
    const printed = captureConsole();
    const { api, send } = await signedIn();
    const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt', tags: ['#summer'] });
    const [tape] = await api.tapes.list();
    const path = fc.constantFrom(
      `/v1/doc/${id}`,
      `/v1/doc/${id}/public`,
      `/v1/doc/${id}/clone`,
      `/v1/doc/${id}/extract`,
      `/v1/tape/${tape?.id}`,
    );
    const fields = fc.constantFrom(
      'name',
      'tags',
      'starred',
      'public',
      'live',
      'shared_with',
      '__proto__',
      'id',
      'size',
    );
    const json = fc.oneof(
      fc.dictionary(fields, fc.oneof(fc.jsonValue(), fc.constantFrom('b', ['bob'], ['alice'], [], true, null)), {
        maxKeys: 3,
      }),
      fc.jsonValue(),
    );
    const body = fc.oneof(
      json.map((any) => JSON.stringify(any)),
      json.chain((any) => mutated(JSON.stringify(any))),
      anyText,
      fc.nat(3_000).map((depth) => '['.repeat(depth)),
    );
    await testProperty(
      300,
      [path, body, fc.constantFrom('application/json', 'text/plain', '')],
      async (where, text, type) => {
        const { status } = await send({ method: 'POST', path: where, body: text, headers: { 'content-type': type } });
        expect([200, 400, 404, 413]).toContain(status);
      },
    );
    expect(printed).toEqual([]);
  });

  it('sends a documented response to any request', async () => {
    const printed = captureConsole();
    const { api, sandbox } = await signedIn();
    const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
    const { access_token } = await tokenFor(sandbox, 'bob', ['file.read']);
    const segment = fc.oneof(
      fc.constantFrom(
        'v1',
        'doc',
        'tape',
        'account',
        'avatar',
        'original',
        'public',
        's',
        id,
        'upload',
        '50',
        'extract',
      ),
      word,
    );
    const path = fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`);
    const search = fc.oneof(
      fc.constantFrom('', `?access_token=${access_token}`, '?include_meta=1', '?callback=x'),
      word.map((text) => `?${text}`),
    );
    const header = fc.record(
      {
        authorization: fc.oneof(fc.constantFrom(`Bearer ${access_token}`, 'Bearer', 'Basic x'), headerText),
        'x-doctape-fault': fc.oneof(
          fc.constantFrom('status=400', 'no-ranges', 'cut=', 'latency=x', 'status=403@0.5'),
          headerText.filter((text) => !/(latency|stall|cut|status=5)/.test(text)),
        ),
        'x-request-id': headerText,
        'x-dt-origin-desc': headerText,
        cookie: headerText,
        origin: headerText,
      },
      { requiredKeys: [] },
    );
    const method = fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS');
    await testProperty(500, [method, path, search, header], async (verb, where, after, fields) => {
      fc.pre(URL.canParse(where + after, origin) && new URL(where + after, origin).origin === origin);
      const sent = { method: verb, path: normalized(where + after.replaceAll('#', '')), headers: fields };
      const { status } = await fetchChecked(sandbox, sent);
      expect([200, 204, 303, 304, 400, 401, 403, 404]).toContain(status);
    });
    expect(leaks(printed, [access_token])).toEqual([]);
    expect(printed).toEqual([]);
    expect(appOf(sandbox, 'server').clientSecret).toBe(clientSecret);
  });
});
