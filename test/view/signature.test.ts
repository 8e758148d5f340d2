import { describe, expect, it } from 'vitest';
import { sign } from '../../src/view/signature.js';

// The test vectors of wire document section 5.1. Node's crypto, Python and OpenSSL give the same values.

const secret = '6f1d1a3e-5b0c-4c7a-9a51-0d2f3c4b5a69';
const app = '0b9e8f2c-7d34-4a1b-8c55-3e6f7a8b9c0d';
const document = '2224c539-e5d6-425a-8e0d-9516db6dc462';

describe('a signature', () => {
  it.each([
    ['upload', { app, target: 'alice@example.org', expires: '1400000000' }, 'babcbfd942d9f94d0df3823a24e5a95fc3137c48'],
    ['unlink', { app, target: document, scope: 'file.unlink' }, 'a3fbc82f7d7ea998c13b80bff55569add1628a50'],
    ['document', { app, target: document }, 'f879acfe7cc7edc980db05d49d2af880368b67fa'],
    [
      'lazy upload for an address that has to be encoded', // apostrophes: aws/aws-sdk-js#147, spaces: mhart/aws4fetch#85
      { app, lazy: '1', target: "jürgen o'neil+docs@example.org" },
      'ff7c3882ef8d0976c26b469435acb9b5f9943907',
    ],
  ])('for %s is that of the vectors', (_, parameters, expected) => {
    expect(sign(parameters, secret)).toBe(expected);
  });

  it('does not use the bytes of the first result as a key', () => {
    const parameters = { app, target: 'alice@example.org', expires: '1400000000' };
    expect(sign(parameters, secret)).not.toBe('fd0764914186ba0e3a4a9fbd33b92be2b0f17328');
  });

  it('does not encode a space as a plus', () => {
    const parameters = { app, lazy: '1', target: "jürgen o'neil+docs@example.org" };
    expect(sign(parameters, secret)).not.toBe('cb6b1aecb75f886bad70414feb0ef2344c4d9abe');
  });

  it('does not depend on the order of the parameters, and leaves out undefined ones', () => {
    expect(sign({ target: document, scope: undefined, app }, secret)).toBe('f879acfe7cc7edc980db05d49d2af880368b67fa');
  });
});
