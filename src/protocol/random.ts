import { ConfigurationError } from './errors.js';

/** 256 random bits in base64url. Unlike `randomUUID`, it does not require a secure context. */
export function randomText(): string {
  if (typeof globalThis.crypto?.getRandomValues !== 'function') {
    throw new ConfigurationError(
      'unsupported_platform',
      'crypto.getRandomValues is missing: use a current runtime, or define globalThis.crypto',
    );
  }
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');
}
