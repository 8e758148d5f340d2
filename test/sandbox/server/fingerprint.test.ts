import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, it } from 'vitest';
import { fingerprint } from '../../../src/sandbox/core/fingerprint.js';

it.each(['', 'token', 'ä😀', '\ud800', 'a'.repeat(10_000)])('the fingerprint is the same without Node: %j', (text) => {
  expect(fingerprint(text)).toBe(bytesToHex(sha256(utf8ToBytes(text))));
});
