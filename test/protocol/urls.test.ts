import { describe, expect, it } from 'vitest';
import {
  checkBaseUrl,
  checkEndpoint,
  checkRedirectUri,
  isLoopback,
  parseUrl,
  type UrlRules,
} from '../../src/protocol/urls.js';

/** The error that a check throws. */
function refusalOf(check: () => unknown): unknown {
  try {
    check();
  } catch (error) {
    return error;
  }
  throw new Error('it was accepted');
}

const checks: [string, (value: unknown, rules?: UrlRules) => unknown][] = [
  ['an endpoint', (value, rules) => checkEndpoint('place', value, rules)],
  ['a base URL', (value, rules) => checkBaseUrl('place', value, rules)],
  ['a redirect URI', (value, rules) => checkRedirectUri('place', value, rules)],
];

describe('parseUrl', () => {
  it('parses', () => {
    expect(parseUrl('https://a.example/b?c#d')?.href).toBe('https://a.example/b?c#d');
    expect(parseUrl('../c', 'https://a.example/b/')?.href).toBe('https://a.example/c');
  });

  it.each([
    '',
    '/path',
    'a.example',
    'http://',
    'https://[::1',
    'http://a b/',
    'http://127.0.0.256/',
    'http://a:99999/',
  ])('returns undefined for "%s"', (text) => {
    expect(parseUrl(text)).toBeUndefined();
  });
});

describe('isLoopback', () => {
  it.each([
    'http://localhost/',
    'http://LOCALHOST:8080/',
    'http://127.0.0.1/',
    'http://127.255.255.254/',
    'http://127.1/',
    'http://0x7f.0.0.1/',
    'http://2130706433/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]:3000/',
    'https://localhost/',
    'http://app.localhost/',
    'http://APP.LocalHost:3000/',
    'http://a.b-c.localhost/',
    'http://localhost./',
    'http://app.localhost./',
  ])('is true for %s', (url) => {
    expect(isLoopback(new URL(url))).toBe(true);
  });

  it.each([
    'http://localhost.evil.example/',
    'http://localhostevil.example/',
    'http://evil.localhost.example/',
    'http://evil-localhost/',
    'http://.localhost/',
    'http://a..localhost/',
    'http://localhost../',
    'http://localdomain/',
    'http://127.0.0.1.evil.example/',
    'http://127.evil.example/',
    'http://127.0.0.1@evil.example/',
    'http://localhost:80@evil.example/',
    'http://evil.example/localhost',
    'http://evil.example/?127.0.0.1',
    'http://evil.example\\@localhost/',
    'http://128.0.0.1/',
    'http://12.7.0.1/',
    'http://0.0.0.0/',
    'http://10.0.0.1/',
    'http://192.168.0.1/',
    'http://[::]/',
    'http://[::2]/',
    'http://[fe80::1]/',
    'http://[2001:db8::1]/',
  ])('is false for %s', (url) => {
    expect(isLoopback(new URL(url))).toBe(false);
  });
});

describe.each(checks)('%s', (_, check) => {
  it.each([
    'https://a.example/b',
    'https://a.example:8443/b',
    'http://localhost/b',
    'http://127.0.0.1:1/b',
    'http://[::1]/b',
  ])('accepts %s', (url) => {
    expect(String(check(url))).toBe(url);
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['null', null],
    ['empty', ''],
    ['a number', 7],
    ['an array', ['https://a.example/']],
    ['an object with an href', { href: 'https://a.example/' }],
    ['a path', '/b'],
    ['without a scheme', 'a.example/b'],
    ['relative to a scheme', '//a.example/b'],
    ['with a space in it', 'https://a.example/b c'],
    ['with a space before it', ' https://a.example/'],
    ['with a space after it', 'https://a.example/ '],
    ['with a tab, which parsers drop', 'ht\ttps://a.example/'],
    ['with a line break, which parsers drop', 'https://a.exa\nmple/'],
    ['with a zero byte', 'https://a.example/\u0000'],
    ['beyond ASCII', 'https://ä.example/'],
    ['without a host', 'https://'],
    ['with a user name', 'https://user@a.example/'],
    ['with a password', 'https://user:password@a.example/'],
    ['with an empty user name and a password', 'https://:password@a.example/'],
    ['with a fragment', 'https://a.example/#b'],
    ['with an empty fragment', 'https://a.example/#'],
  ])('refuses %s', (_, value) => {
    expect(refusalOf(() => check(value))).toMatchObject({
      name: 'ConfigurationError',
      code: 'invalid_argument',
      message: expect.stringMatching(/^place /),
    });
  });

  it.each([
    'http://a.example/',
    'http://localhost.a.example/',
    'http://127.0.0.1.a.example/',
    'http://localhost@a.example/',
    'http://0.0.0.0/',
    'ws://localhost/',
    'ftp://localhost/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'data:text/html,x',
    'blob:https://a.example/1',
    'myapp://callback',
    'mailto:a@a.example',
  ])('refuses %s as insecure', (url) => {
    expect(refusalOf(() => check(url))).toMatchObject({
      name: 'ConfigurationError',
      code: 'insecure_url',
      message: expect.stringMatching(/^place /),
    });
  });

  it.each(['http://sandbox:4400/b', 'http://192.168.0.7:3000/b', 'http://a.example/b', 'http://[fe80::1]/b'])(
    'may be %s with allowInsecureHttp, and not without',
    (url) => {
      expect(String(check(url, { allowInsecureHttp: true }))).toBe(url);
      for (const rules of [{}, { allowInsecureHttp: false }, { allowInsecureHttp: undefined }]) {
        expect(refusalOf(() => check(url, rules))).toMatchObject({
          code: 'insecure_url',
          message: expect.stringContaining('allowInsecureHttp: true'),
        });
      }
    },
  );

  it.each(['ws://sandbox/', 'ftp://sandbox/', 'file:///etc/passwd', 'javascript:alert(1)', 'myapp://callback'])(
    'may not be %s, even with allowInsecureHttp',
    (url) => {
      expect(refusalOf(() => check(url, { allowInsecureHttp: true }))).toMatchObject({ code: 'insecure_url' });
    },
  );

  it.each(['true', 1, null, {}])('needs a boolean as allowInsecureHttp, not %j', (allowInsecureHttp) => {
    const rules = { allowInsecureHttp } as never;
    expect(refusalOf(() => check('https://a.example/', rules))).toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(/^allowInsecureHttp must be true or false/),
    });
  });

  it.each(['http://secret-words.example/', 'secret-words', 'https://u:secret-words@a.example/', 'secret-words:\n'])(
    'is not quoted when it is refused: %j',
    (value) => {
      expect(String(refusalOf(() => check(value)))).not.toContain('secret-words');
    },
  );
});

describe('an endpoint', () => {
  it('can have a query', () => {
    expect(checkEndpoint('place', 'https://a.example/b?c=d%20e').href).toBe('https://a.example/b?c=d%20e');
  });

  it('can be a URL object, which is copied', () => {
    const given = new URL('https://a.example/b');
    const kept = checkEndpoint('place', given);
    given.hostname = 'evil.example';
    expect(kept.href).toBe('https://a.example/b');
  });
});

describe('a base URL', () => {
  it.each([
    ['https://a.example', 'https://a.example/'],
    ['https://a.example/', 'https://a.example/'],
    ['https://a.example/v1', 'https://a.example/v1'],
    ['https://a.example/v1/', 'https://a.example/v1'],
    ['https://a.example/v1///', 'https://a.example/v1'],
    ['https://a.example/x/../v1/', 'https://a.example/v1'],
    ['https://A.Example:443/V1', 'https://a.example/V1'],
  ])('loses its trailing slash: %s', (given, kept) => {
    expect(checkBaseUrl('place', given).href).toBe(kept);
    expect(checkBaseUrl('place', new URL(given)).href).toBe(kept);
  });

  it.each(['https://a.example/?', 'https://a.example/v1?key=1'])('cannot have a query: %s', (url) => {
    expect(refusalOf(() => checkBaseUrl('place', url))).toMatchObject({ code: 'invalid_argument' });
  });
});

describe('a redirect URI', () => {
  it.each([
    'https://a.example',
    'https://A.EXAMPLE:443/b/../c',
    'https://a.example/b?c=d&e=%7e+f',
    'http://127.1:3000/cb',
    'urn:ietf:wg:oauth:2.0:oob',
  ])('is kept byte for byte: %s', (uri) => {
    expect(checkRedirectUri('place', uri)).toBe(uri);
  });

  it('cannot be a URL object, which does not keep the original text', () => {
    expect(refusalOf(() => checkRedirectUri('place', new URL('https://a.example/')))).toMatchObject({
      code: 'invalid_argument',
    });
  });

  it.each(['urn:ietf:wg:oauth:2.0:oob:auto', 'URN:ietf:wg:oauth:2.0:oob', 'urn:ietf:wg:oauth:2.0:oob#'])(
    'may be no other URN: %s',
    (uri) => {
      expect(refusalOf(() => checkRedirectUri('place', uri))).toMatchObject({ name: 'ConfigurationError' });
    },
  );
});
