import { afterEach, describe, expect, it, vi } from 'vitest';
import { createTokenSeal as notHere } from '../../../src/server.browser.js';
import { AuthorizationCodeClient, createTokenSeal, type Token } from '../../../src/server.js';
import { reasonOf } from '../../support/scripted-server.js';

const secret = 'the-secret-of-these-tests-0123456789';
const token: Token = {
  access_token: 'canary token "e09a64f8d5"',
  token_type: 'Bearer',
  expires_at: 1_900_000_000,
  scope: ['account.read', 'file.read'],
};

/** Calls with arguments of the wrong type. */
function callUntyped(action: unknown, ...values: unknown[]): Promise<unknown> {
  if (typeof action !== 'function') throw new Error('there is no such function');
  return Reflect.apply(action, undefined, values);
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a sealed token', () => {
  it.each<[string, Token]>([
    ['with all properties', token],
    ['with only the required properties', { access_token: 'a', token_type: 'Bearer' }],
    ['with an empty scope', { access_token: 'a', token_type: 'Bearer', scope: [] }],
    ['of 2,000 characters', { access_token: 'x'.repeat(2_000), token_type: 'Bearer' }],
  ])('can be opened by every instance: %s', async (_, given) => {
    const sealed = await createTokenSeal(secret).seal(given);
    expect(await createTokenSeal(secret).open(sealed)).toEqual(given);
  });

  it('needs no encoding in a cookie, and does not reveal the token', async () => {
    const sealed = await createTokenSeal(secret).seal(token);
    expect(sealed).toMatch(/^[\w.-]{100,1000}$/);
    const readable = sealed.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
    for (const held of ['canary', 'Bearer', 'account.read', '1900000000']) expect(readable.join()).not.toContain(held);
  });

  it('is different each time', async () => {
    const { seal } = createTokenSeal(secret);
    expect(await seal(token)).not.toBe(await seal(token));
  });

  it.each<[string, (sealed: string) => string | Promise<string>]>([
    ['altered', (sealed) => `${sealed.slice(0, -10)}AAAAAAAAAA`],
    ['cut', (sealed) => sealed.slice(0, -1)],
    ['not a sealed token', () => 'a.b.c.d.e'],
    ['sealed with another secret', () => createTokenSeal('another-secret-of-these-tests').seal(token)],
    ['a pending sign-in with the same secret', async () => (await clientWith(secret).authorize()).pending],
  ])('cannot be opened if it is %s', async (_, change) => {
    const tokens = createTokenSeal(secret);
    expect(await tokens.open(await change(await tokens.seal(token)))).toBeUndefined();
  });

  it('is not accepted as a pending sign-in', async () => {
    const client = clientWith(secret);
    expect(await client.returnTo(await createTokenSeal(secret).seal(token))).toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['false', false],
    ['empty', ''],
  ])('opens as undefined if it is %s', async (_, text) => {
    expect(await callUntyped(createTokenSeal(secret).open, text)).toBeUndefined();
  });

  it('can be opened until maxAge, by the current clock', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 });
    const tokens = createTokenSeal(secret, { maxAge: 60 });
    const sealed = await tokens.seal(token);
    vi.setSystemTime(1_000_000 + 59_999);
    expect(await tokens.open(sealed)).toEqual(token);
    vi.setSystemTime(1_000_000 + 60_000);
    expect(await tokens.open(sealed)).toBeUndefined();
    expect(await createTokenSeal(secret).open(sealed)).toEqual(token);
    expect(await createTokenSeal(secret, { maxAge: 60, now: () => 0 }).open(sealed)).toEqual(token);
  });

  it('can be opened after a rotation of the secret', async () => {
    const sealed = await createTokenSeal(secret).seal(token);
    const rotated = createTokenSeal('the-next-secret-of-these-tests', { previousSecrets: [secret] });
    expect(await rotated.open(sealed)).toEqual(token);
    expect(await createTokenSeal(secret).open(await rotated.seal(token))).toBeUndefined();
  });

  it('contains only the properties of a token', async () => {
    const { seal, open } = createTokenSeal(secret);
    expect(await open(await seal({ ...token, refresh: 'x' } as Token))).toEqual(token);
  });
});

describe('createTokenSeal rejects without quoting it', () => {
  it.each<[string, unknown[], string, RegExp]>([
    ['a missing secret', [undefined], 'invalid_argument', /^secret is missing/],
    ['an empty secret', [''], 'invalid_argument', /^secret is missing/],
    ['a secret that is not a string', [new Uint8Array(32)], 'invalid_argument', /^secret must be a string/],
    ['a secret with a line break', [`${secret}\n`], 'invalid_argument', /^secret begins or ends with a line break/],
    ['a short secret', ['canary-short'], 'invalid_argument', /^secret must have at least 16 characters: create one/],
    ['an unknown option', [secret, { maxage: 60 }], 'unknown_option', /did you mean maxAge\?/],
    ['null as options', [secret, null], 'invalid_argument', /^options of createTokenSeal must be an object/],
    ['a maxAge of zero', [secret, { maxAge: 0 }], 'invalid_argument', /^maxAge must be/],
    ['a maxAge that is a string', [secret, { maxAge: '60' }], 'invalid_argument', /^maxAge must be/],
    ['a clock that is a number', [secret, { now: 7 }], 'invalid_argument', /^now must be a function/],
    [
      'previous secrets in one string',
      [secret, { previousSecrets: 'canary' }],
      'invalid_argument',
      /^previousSecrets must/,
    ],
    [
      'a missing previous secret',
      [secret, { previousSecrets: [undefined] }],
      'invalid_argument',
      /^previousSecrets\[0\]/,
    ],
  ])('%s', (_, values, code, message) => {
    const create = () => callUntyped(createTokenSeal, ...values);
    expect(create).toThrow(
      expect.objectContaining({ name: 'ConfigurationError', code, message: expect.stringMatching(message) }),
    );
    expect(create).not.toThrow(/canary-short|the-secret-of/);
  });

  it.each<[string, unknown]>([
    ['a string', 'canary-token'],
    ['nothing', undefined],
    ['a token response', { access_token: 'canary-token', token_type: 'bearer' }],
    ['a token without access_token', { token_type: 'Bearer' }],
    ['a token with a line break', { access_token: 'canary-token\n', token_type: 'Bearer' }],
    ['a token with a scope string', { access_token: 'canary-token', token_type: 'Bearer', scope: 'a b' }],
    ['a promise', Promise.resolve(token)],
  ])('a token that is %s', async (_, given) => {
    const reason = await reasonOf(callUntyped(createTokenSeal(secret).seal, given));
    expect(reason).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(/^token must be a token/),
    });
    expect(String(reason)).not.toContain('canary');
  });

  it.each([7, {}, true])('a sealed text that is not a string: %j', async (text) => {
    expect(await reasonOf(callUntyped(createTokenSeal(secret).open, text))).toMatchObject({
      name: 'ConfigurationError',
      message: expect.stringMatching(/^text must be the string that seal\(\) returned/),
    });
  });

  it('a secret in a page, and in a browser bundle', () => {
    vi.stubGlobal('window', { document: {} });
    const refused = expect.objectContaining({ name: 'ConfigurationError', code: 'browser_secret' });
    expect(() => createTokenSeal(secret)).toThrow(refused);
    expect(() => callUntyped(notHere, secret)).toThrow(refused);
  });

  it('a call without WebCrypto', async () => {
    const tokens = createTokenSeal(secret);
    vi.stubGlobal('crypto', undefined);
    const missing = { name: 'ConfigurationError', code: 'unsupported_platform' };
    expect(await reasonOf(tokens.seal(token))).toMatchObject(missing);
    expect(await reasonOf(tokens.open('a.b.c.d.e'))).toMatchObject(missing);
  });
});

function clientWith(clientSecret: string): AuthorizationCodeClient {
  return new AuthorizationCodeClient({ clientId: 'app-1', clientSecret, redirectUri: 'https://app.example/callback' });
}
