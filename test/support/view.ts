import { createHmac } from 'node:crypto';
import type { SandboxApp } from '../../src/sandbox.js';

// A third implementation of the signatures, beside those of the SDK and of the sandbox.

/** The application of the test vectors (wire document section 5.1). */
export const vectorApp: SandboxApp & { clientSecret: string } = {
  clientId: '0b9e8f2c-7d34-4a1b-8c55-3e6f7a8b9c0d',
  clientSecret: '6f1d1a3e-5b0c-4c7a-9a51-0d2f3c4b5a69',
  type: 'server',
  name: 'Vectors',
  redirectUris: ['https://app.example/callback', 'http://localhost:3000/callback'],
};

export const otherApp: SandboxApp & { clientSecret: string } = {
  ...vectorApp,
  clientId: 'c1a7e0d2-94b3-4e5f-8a60-7b8c9d0e1f2a',
  clientSecret: 'd5f0c3b1-2a49-4867-9e05-f1e2d3c4b5a6',
  name: 'Other',
};

function hmac(key: string, text: string): string {
  return createHmac('sha1', key).update(text).digest('hex');
}

/** The simple scheme. */
export function simple(target: string, secret: string = vectorApp.clientSecret): string {
  return hmac(secret, target);
}

/** The advanced scheme. The parameters must be in ascending order. */
export function advanced(parameters: Record<string, string>, secret: string = vectorApp.clientSecret): string {
  const text = Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return hmac(hmac(secret, text), text);
}

/** A multipart form, in this order. */
export function formOf(fields: Record<string, string>, files: Record<string, File> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...fields, ...files })) form.append(name, value);
  return form;
}
