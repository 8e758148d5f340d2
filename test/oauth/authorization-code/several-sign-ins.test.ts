import { describe, expect, it } from 'vitest';
import { createSandbox, memoryStore } from '../../../src/sandbox.js';
import { AuthorizationCodeClient, type AuthorizationCodeClientOptions } from '../../../src/server.js';
import { appOf, codeClient, origin } from '../../support/sandbox.js';
import { reasonOf } from '../../support/scripted-server.js';

const redirectUri = 'https://app.example/callback';
const valid: AuthorizationCodeClientOptions = { clientId: 'app-1', clientSecret: 'the-secret-of-app-1', redirectUri };

function clientWith(options: Partial<AuthorizationCodeClientOptions> = {}): AuthorizationCodeClient {
  return new AuthorizationCodeClient({ ...valid, ...options });
}

/** A text with line breaks, which must not get into a header unescaped. */
const injection = 'x; Domain=evil.example\r\nSet-Cookie: a=b';

describe('cookieName', () => {
  it.each([
    [redirectUri, /^__Host-doctape-[\w-]{10}$/],
    ['http://localhost:3000/callback', /^doctape-[\w-]{10}$/],
    ['http://app.localhost:3000/callback', /^doctape-[\w-]{10}$/],
    ['HTTP://127.0.0.1/callback', /^doctape-[\w-]{10}$/],
    ['com.example.app:/callback', /^__Host-doctape-[\w-]{10}$/],
    ['urn:ietf:wg:oauth:2.0:oob', /^__Host-doctape-[\w-]{10}$/],
  ])('is derived from the state, for the redirect URI %s', async (uri, form) => {
    const { state, cookieName } = await clientWith({ redirectUri: uri }).authorize();
    expect(cookieName).toMatch(form);
    expect(cookieName.endsWith(state.slice(0, 10))).toBe(true);
  });

  it('is different for each sign-in', async () => {
    const client = clientWith();
    const names = await Promise.all(Array.from({ length: 200 }, async () => (await client.authorize()).cookieName));
    expect(new Set(names).size).toBe(200);
  });

  it('is the same for the callback of a success and of a denial', async () => {
    const client = clientWith();
    const { state, cookieName } = await client.authorize();
    expect(client.cookieName(`/callback?code=some-code&state=${state}`)).toBe(cookieName);
    expect(client.cookieName({ error: 'access_denied', state })).toBe(cookieName);
    expect(clientWith().cookieName(new URL(`${redirectUri}?state=${state}`))).toBe(cookieName);
  });

  it.each([
    ['without a state', '/callback'],
    ['with an empty state', '/callback?state='],
    ['with two states', '/callback?state=one&state=two'],
    ['with a state that cannot be decoded', '/callback?state=%zz'],
    ['with a state that would inject a header', `/callback?state=${encodeURIComponent(injection)}`],
    ['with a state beyond ASCII', '/callback?state=%F0%9F%98%80%C3%A4'],
  ])('is a valid cookie name, but of no sign-in, for a callback %s', (_, callback) => {
    expect(clientWith().cookieName(callback)).toMatch(/^__Host-doctape-[\w-]{0,10}$/);
  });

  it('is short enough for many cookies in one header', async () => {
    const { pending, cookieName } = await clientWith({ scope: ['account.read', 'file.read', 'file.update'] }).authorize(
      {
        returnTo: '/files?sort=name',
      },
    );
    expect(`${cookieName}=${pending}`.length).toBeLessThan(700);
  });

  it('lets two tabs sign in at once, in either order', async () => {
    const sandbox = createSandbox();
    const client = codeClient(sandbox);
    const cookies = new Map<string, string>();
    const tabs = await Promise.all([client.authorize(), client.authorize()]);
    for (const { cookieName, pending } of tabs) cookies.set(cookieName, pending);
    expect(cookies.size).toBe(2);
    for (const { url } of tabs.reverse()) {
      const callback = await sandbox.authorize(url, { username: 'alice' });
      const token = await client.exchange(callback, cookies.get(client.cookieName(callback)));
      expect(token.token_type).toBe('Bearer');
    }
  });
});

describe('returnTo', () => {
  it.each<[string | URL, string]>([
    ['/', '/'],
    ['/files', '/files'],
    ['/files?sort=name&q=a%20b#top', '/files?sort=name&q=a%20b#top'],
    ['/files/../albums', '/albums'],
    ['/ä b', '/%C3%A4%20b'],
    ['/@evil.example/', '/@evil.example/'],
    ['/https://evil.example/', '/https://evil.example/'],
    ['https://app.example', '/'],
    ['https://app.example/files', '/files'],
    ['https://app.example:443/files', '/files'],
    [new URL('https://app.example/files?a=b'), '/files?a=b'],
  ])('returns %s', async (returnTo, expected) => {
    const client = clientWith();
    const { pending } = await client.authorize({ returnTo });
    expect(await client.returnTo(pending)).toBe(expected);
  });

  it.each<[string, unknown]>([
    ['another host', 'https://evil.example/'],
    ['another host without a scheme', '//evil.example/'],
    ['another host after backslashes', '\\\\evil.example/'],
    ['another host after a slash and a backslash', '/\\evil.example/'],
    ['another host after slashes with a tab between them', '/\t/evil.example/'],
    ['another host after a line break', '/\n/evil.example/'],
    ['another host after a dot segment', '/.//evil.example/'],
    ['another host after a dot segment and a backslash', '/.\\/evil.example/'],
    ['another host after a parent segment', '/files/..//evil.example/'],
    ['a path with two slashes on the own host', 'https://app.example//evil.example/'],
    ['another port', 'https://app.example:8443/'],
    ['another scheme', 'http://app.example/'],
    ['a host that has the own host as its prefix', 'https://app.example.evil.example/'],
    ['a host with the own host as its user name', 'https://app.example@evil.example/'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,x'],
    ['a relative path', 'files'],
    ['an empty string', ''],
    ['a space before the path', ' /files'],
    ['null', null],
    ['a number', 7],
    ['a path that does not fit in a cookie', `/${'x'.repeat(1_024)}`],
    ['a path that does not fit in a cookie after encoding', `/${'ä'.repeat(400)}`],
  ])('rejects %s', async (_, returnTo) => {
    const client = clientWith();
    const refusal = await reasonOf(Reflect.apply(client.authorize, client, [{ returnTo }]));
    expect(refusal).toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_argument',
      message: expect.stringMatching(/^returnTo must /),
    });
  });

  it('always begins with exactly one slash', async () => {
    const client = clientWith();
    const pieces = ['/', '\\', '.', '..', '//', '\t', '\n', '%2f', '%5c', '@', ':', 'evil.example', '?', '#', 'https:'];
    let accepted = 0;
    for (let round = 0; round < 3_000; round++) {
      const returnTo = Array.from({ length: 1 + (round % 6) }, (_, place) => {
        return pieces[(round * 7 + place * (1 + (round % 13))) % pieces.length];
      }).join('');
      const begun = await client.authorize({ returnTo }).catch(() => undefined);
      if (begun === undefined) continue;
      accepted++;
      const place = (await client.returnTo(begun.pending)) ?? '';
      expect(new URL(place, redirectUri).origin, JSON.stringify(returnTo)).toBe('https://app.example');
      expect(place).toMatch(/^\/(?![/\\])/);
    }
    expect(accepted).toBeGreaterThan(100);
  });

  it('fits in a cookie at its maximum length', async () => {
    const scope = [
      'account.read',
      'file.create',
      'file.read',
      'file.update',
      'file.delete',
      'tape.read',
      'tape.update',
    ];
    const { pending, cookieName } = await clientWith({ scope }).authorize({ returnTo: `/${'x'.repeat(1_023)}` });
    expect(`${cookieName}=${pending}`.length).toBeLessThan(4_096);
  });

  it('accepts only a path if the redirect URI has no origin', async () => {
    const client = clientWith({ redirectUri: 'com.example.app:/callback' });
    const { pending } = await client.authorize({ returnTo: '/albums' });
    expect(await client.returnTo(pending)).toBe('/albums');
    expect(await reasonOf(client.authorize({ returnTo: 'https://app.example/' }))).toMatchObject({
      code: 'invalid_argument',
    });
  });

  it('is available after a success, a denial and maxAge, on every instance', async () => {
    let now = 0;
    const sandbox = createSandbox();
    const client = codeClient(sandbox, origin, { now: () => now });
    const { url, pending } = await client.authorize({ returnTo: '/files' });
    const callback = await sandbox.authorize(url, { username: 'alice', approve: false });
    expect(await reasonOf(client.exchange(callback, pending))).toMatchObject({ code: 'access_denied' });
    expect(await client.returnTo(pending)).toBe('/files');
    now = 1_000_000_000;
    expect(await codeClient(sandbox, origin, { now: () => now }).returnTo(pending)).toBe('/files');
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['false', false],
    ['empty', ''],
    ['nonsense', 'sealed'],
  ])('is undefined for a pending that is %s', async (_, pending) => {
    const client = clientWith();
    expect(await Reflect.apply(client.returnTo, client, [pending])).toBeUndefined();
  });

  it('is undefined for a pending that has none, is altered or has another secret', async () => {
    const client = clientWith();
    expect(await client.returnTo((await client.authorize()).pending)).toBeUndefined();
    const { pending } = await clientWith({ clientSecret: 'another-secret' }).authorize({ returnTo: '/files' });
    expect(await client.returnTo(pending)).toBeUndefined();
    const own = (await client.authorize({ returnTo: '/files' })).pending;
    expect(await client.returnTo(own.replace(/.(?=.{30}$)/, (one) => (one === 'A' ? 'B' : 'A')))).toBeUndefined();
  });

  it('rejects a pending that is not a string', async () => {
    const client = clientWith();
    expect(await reasonOf(Reflect.apply(client.returnTo, client, [7]))).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(/^pending must be the string/),
    });
  });

  it('is not readable in pending', async () => {
    const { pending } = await clientWith().authorize({ returnTo: '/secret-album' });
    const readable = pending.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    expect(readable.join()).not.toContain('secret-album');
  });
});

describe('a rotation of the client secret', () => {
  it('does not break sign-ins that were begun before it', async () => {
    const store = memoryStore();
    const before = createSandbox({ store });
    const app = appOf(before, 'server');
    const begun = await codeClient(before).authorize({ returnTo: '/files' });
    const callback = await before.authorize(begun.url, { username: 'alice' });

    const clientSecret = 'the-new-secret-of-the-application';
    const after = createSandbox({
      store,
      apps: before.apps.map((one) => (one === app ? { ...app, clientSecret } : one)),
    });
    const previousSecrets = [app.clientSecret ?? ''];
    const unprepared = codeClient(after, origin, { clientSecret });
    expect(await reasonOf(unprepared.exchange(callback, begun.pending))).toMatchObject({ code: 'state_mismatch' });
    expect(await unprepared.returnTo(begun.pending)).toBeUndefined();

    const prepared = codeClient(after, origin, { clientSecret, previousSecrets });
    expect(await prepared.returnTo(begun.pending)).toBe('/files');
    expect((await prepared.exchange(callback, begun.pending)).token_type).toBe('Bearer');
  });

  it('can be repeated', async () => {
    const { state, pending } = await clientWith({ clientSecret: 'secret-1' }).authorize();
    const client = clientWith({ clientSecret: 'secret-3', previousSecrets: ['secret-2', 'secret-1'], fetch: granting });
    expect((await client.exchange({ code: 'some-code', state }, pending)).access_token).toBe('token-of-alice');
  });

  it('seals only with the new secret', async () => {
    const client = clientWith({ clientSecret: 'secret-2', previousSecrets: ['secret-1'] });
    const { pending } = await client.authorize({ returnTo: '/files' });
    expect(await clientWith({ clientSecret: 'secret-2' }).returnTo(pending)).toBe('/files');
    expect(await clientWith({ clientSecret: 'secret-1' }).returnTo(pending)).toBeUndefined();
  });

  it('sends only the new secret', async () => {
    const forms: string[] = [];
    const client = clientWith({
      previousSecrets: ['an-earlier-secret'],
      fetch: async (input, init) => {
        forms.push(await new Request(input, init).text());
        return granting();
      },
    });
    const { state, pending } = await client.authorize();
    await client.exchange({ code: 'some-code', state }, pending);
    expect(forms).toEqual([expect.stringContaining('the-secret-of-app-1')]);
    expect(forms.join()).not.toContain('an-earlier-secret');
  });

  it.each<[string, unknown, RegExp]>([
    ['a string', 'an-earlier-secret', /^previousSecrets must be an array of strings, not string/],
    ['null', null, /^previousSecrets must be an array of strings, not null/],
    ['a missing environment variable', [undefined], /^previousSecrets\[0\] is missing/],
    ['an empty secret', ['one-secret', ''], /^previousSecrets\[1\] is missing/],
    ['a hole', new Array(1), /^previousSecrets\[0\] is missing/],
    ['a number', [7], /^previousSecrets\[0\] must be a string, not number/],
    ['a line break', ['an-earlier-secret\n'], /^previousSecrets\[0\] begins or ends with a line break/],
  ])('rejects %s as previousSecrets without quoting it', (_, previousSecrets, message) => {
    const create = () => Reflect.construct(AuthorizationCodeClient, [{ ...valid, previousSecrets }]);
    expect(create).toThrow(
      expect.objectContaining({ code: 'invalid_argument', message: expect.stringMatching(message) }),
    );
    expect(create).not.toThrow('an-earlier-secret');
  });

  it('needs a clientSecret', () => {
    expect(
      () => new AuthorizationCodeClient({ clientId: 'app-1', redirectUri, previousSecrets: ['secret-1'] }),
    ).toThrow(/^previousSecrets needs clientSecret/);
  });
});

async function granting(): Promise<Response> {
  return Response.json({ access_token: 'token-of-alice', token_type: 'Bearer' });
}
