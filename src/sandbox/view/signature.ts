import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { constantTimeEqual } from '../../protocol/constant-time-equal.js';
import type { SandboxApp } from '../core/config.js';
import type { SandboxContext } from '../core/context.js';
import { Failure } from '../core/failure.js';

// wire document section 5.1, and section 7, choices 45 and 51

/** What a request does. The signature for one use is not accepted for another. */
export type SignedUse = 'upload' | 'document' | 'unlink';

/** The optional parameters of the advanced scheme. They are signed if they are sent. */
const optionalNames: Record<SignedUse, readonly string[]> = {
  upload: ['expires', 'lazy'],
  document: ['expires', 'scope'],
  unlink: ['expires', 'scope'],
};

/** Signs parameters by the advanced scheme. */
export function sign(parameters: Readonly<Record<string, string>>, secret: string): string {
  const text = Object.keys(parameters)
    .sort()
    .map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(parameters[name] ?? '')}`)
    .join('&');
  return hmacSha1(hmacSha1(secret, text), text);
}

function hmacSha1(key: string, message: string): string {
  return bytesToHex(hmac(sha1, utf8ToBytes(key), utf8ToBytes(message)));
}

/**
 * Checks the signature of a request.
 *
 * @param sent the parameters, without the prefix that those of an upload have
 * @param target the e-mail address of an upload, else the id of the document
 * @returns the application that signed it
 * @throws {Failure} 400 if a parameter is missing, repeated or malformed; 401 if the signature is wrong or has expired
 */
export function checkSignature(
  { apps, now }: SandboxContext,
  use: SignedUse,
  sent: URLSearchParams,
  target: string,
): SandboxApp {
  const names = ['app', 'auth', 'multiauth', ...optionalNames[use]];
  const repeated = names.find((name) => sent.getAll(name).length > 1);
  if (repeated) throw new Failure(400, `${repeated} was sent more than once`);
  const clientId = sent.get('app');
  const [simple, advanced] = [sent.get('auth'), sent.get('multiauth')];
  if (!clientId) throw new Failure(400, 'app is missing');
  if (!simple && !advanced) throw new Failure(400, 'the signature is missing: auth or multiauth');
  const expires = sent.get('expires');
  if (expires !== null && !/^\d{1,12}$/.test(expires)) throw new Failure(400, 'expires is not a number of seconds');
  if (use === 'unlink' && !advanced) throw new Failure(401, 'unlink needs the advanced signature, multiauth');

  const app = apps.get(clientId);
  const secret = app?.clientSecret;
  if (!app || secret === undefined) throw new Failure(401, 'the application is unknown or has no secret');
  const optional = optionalNames[use].flatMap((name) => sent.getAll(name).map((value) => [name, value]));
  const expected = advanced
    ? sign({ ...Object.fromEntries(optional), app: clientId, target }, secret)
    : hmacSha1(secret, target);
  if (!constantTimeEqual((advanced ?? simple ?? '').toLowerCase(), expected))
    throw new Failure(401, 'the signature is wrong');
  if (expires !== null && Number(expires) * 1000 <= now()) throw new Failure(401, 'the signature has expired');
  checkScope(use, sent.get('scope'));
  return app;
}

/** A signature for unlink does not read the document, so that it can be handed out for that alone. */
function checkScope(use: SignedUse, scope: string | null): void {
  if (use === 'unlink' && scope !== 'file.unlink') throw new Failure(401, 'unlink needs the signed scope file.unlink');
  if (use === 'document' && scope !== null && scope !== 'file.read') {
    throw new Failure(401, 'the signature has another scope than file.read');
  }
}
