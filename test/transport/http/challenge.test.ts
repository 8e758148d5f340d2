import { describe, expect, it } from 'vitest';
import type { Challenge } from '../../../src/protocol/errors.js';
import { parseChallenge } from '../../../src/transport/http/challenge.js';

const expired: Challenge = { realm: 'doctape', error: 'invalid_token', error_description: 'it has expired' };

describe('a Bearer challenge', () => {
  it.each<[string, Challenge]>([
    ['Bearer', {}],
    ['Bearer ', {}],
    ['bearer', {}],
    ['BEARER realm="doctape"', { realm: 'doctape' }],
    ['Bearer realm="doctape", error="invalid_token", error_description="it has expired"', expired],
    ['Bearer realm="doctape",error="invalid_token",error_description="it has expired"', expired],
    ['Bearer realm="doctape" , error="invalid_token" ,\terror_description="it has expired"', expired],
    ['Bearer ,, realm="doctape",, error="invalid_token", error_description="it has expired",', expired],
    ['Bearer REALM="doctape", Error=invalid_token, ERROR_description="it has expired"', expired],
    ['Bearer realm = "doctape", error = invalid_token, error_description ="it has expired"', expired],
    ['  Bearer   error=invalid_token  ', { error: 'invalid_token' }],
    ['Bearer realm=""', { realm: '' }],
    ['Bearer realm="a \\"quoted\\" \\\\ word"', { realm: 'a "quoted" \\ word' }],
    ['Bearer realm="commas, and = signs, Basic realm=x"', { realm: 'commas, and = signs, Basic realm=x' }],
    ['Bearer scope="file.read"', { scope: ['file.read'] }],
    ['Bearer scope="file.read  file.delete"', { scope: ['file.read', 'file.delete'] }],
    ['Bearer scope=file.read', { scope: ['file.read'] }],
    [
      'Bearer error="insufficient_scope", scope="file.read", x="y"',
      { error: 'insufficient_scope', scope: ['file.read'] },
    ],
    ['Bearer constructor="x", __proto__="y", realm="doctape"', { realm: 'doctape' }],
  ])('is read from %j', (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });

  it.each<[string, Challenge]>([
    ['Basic realm="other", Bearer realm="doctape"', { realm: 'doctape' }],
    ['Bearer realm="doctape", Basic realm="other", error="other"', { realm: 'doctape' }],
    ['Digest realm="other", nonce="a,b", qop=auth, Bearer realm="doctape"', { realm: 'doctape' }],
    ['Basic realm="Bearer realm=other", Bearer realm="doctape"', { realm: 'doctape' }],
    ['Negotiate YWJjZA==, Bearer realm="doctape"', { realm: 'doctape' }],
    ['Negotiate YWJjZGVm, Bearer realm="doctape"', { realm: 'doctape' }],
    ['Negotiate, Bearer realm="doctape"', { realm: 'doctape' }],
    ['Negotiate, NTLM, Bearer realm="doctape", Basic realm="other"', { realm: 'doctape' }],
    ['Bearer, Basic realm="other"', {}],
  ])('is found among others: %j', (header, challenge) => {
    expect(parseChallenge(header)).toEqual(challenge);
  });

  it.each([
    null,
    '',
    ' ',
    ',',
    'Basic realm="doctape"',
    'Basic',
    'BearerToken realm="doctape"',
    'Basic realm="Bearer"',
    'Basic realm="x", error="Bearer"',
    'realm="doctape"',
    '"Bearer"',
  ])('is not found in %j', (header) => {
    expect(parseChallenge(header)).toBeUndefined();
  });

  it.each([
    'Bearer realm="never closed',
    'Bearer realm="ends in a backslash\\',
    'Bearer =',
    'Bearer realm=',
    'Bearer \u0000',
    'Bearer realm="a"b"c"',
  ])('that is malformed does not throw: %j', (header) => {
    expect(parseChallenge(header)).toBeTypeOf('object');
  });

  it('keeps the parameters before a syntax error', () => {
    expect(parseChallenge('Bearer error="invalid_token", realm="never closed')).toEqual({ error: 'invalid_token' });
  });

  it.each(['', ' ', 'a\\"b', 'a\\\\b', 'a\u0007b', 'lesen.f\u00fcr'])(
    'has no scopes if its scope is malformed: %j',
    (scope) => {
      expect(parseChallenge(`Bearer scope="${scope}"`)).toEqual({ scope: [] });
    },
  );

  it('uses the first of repeated parameters', () => {
    expect(parseChallenge('Bearer error="first", error="second"')).toEqual({ error: 'first' });
  });

  // a regular expression that backtracks would take hours for a header of this length
  it.each([
    ['blanks', ' '.repeat(60_000)],
    ['commas', `Bearer ${','.repeat(60_000)}`],
    ['letters', 'a'.repeat(60_000)],
    ['an open quote', `Bearer realm="${'a'.repeat(60_000)}`],
    ['backslashes', `Bearer realm="${'\\'.repeat(60_001)}`],
    ['schemes', 'a '.repeat(30_000)],
    ['equal signs', `Bearer ${'a='.repeat(30_000)}`],
    ['spaces around an empty value', `Bearer a${' '.repeat(60_000)}!${' '.repeat(60_000)}"`],
  ])('is parsed quickly from %s', (_, header) => {
    expect(() => parseChallenge(header)).not.toThrow();
  });
});
