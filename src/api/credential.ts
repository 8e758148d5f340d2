import { checkText, invalid, kindOf } from '../protocol/checks.js';
import { TokenExpiredError } from '../protocol/errors.js';
import type { Token } from '../protocol/schemas/token.js';

/** The `token` option of a client. */
export type TokenOption = string | Token | (() => string | Token | Promise<string | Token>);

export interface Credential {
  /** Returns the access token to send. Throws or rejects if it has expired. */
  accessToken: () => string | Promise<string>;
  /** The same, synchronously, for a URL. */
  accessTokenNow: () => string;
}

export function credential(token: TokenOption, now: () => number): Credential {
  if (typeof token === 'function') return fromFunction(token, now);
  const checked = checkToken(token, 'token'); // at once, because the application may change the object
  const accessToken = () => unexpired(checked, now);
  return { accessToken, accessTokenNow: accessToken };
}

function fromFunction(token: () => string | Token | Promise<string | Token>, now: () => number): Credential {
  const name = "the token function's result";
  let cached: CheckedToken | undefined; // the token of the last call, if the function was async then
  const resolved = (given: unknown) => {
    cached = checkToken(given, name);
    return unexpired(cached, now);
  };
  const accessToken = () => {
    const given = token();
    if (isPromise(given)) return given.then(resolved);
    cached = undefined;
    return unexpired(checkToken(given, name), now);
  };
  return {
    accessToken,
    accessTokenNow() {
      if (cached && !isExpired(cached, now)) return cached.text;
      const given = accessToken();
      if (!isPromise(given)) return given;
      given.catch(() => {}); // the next call calls the function again, and rejects
      throw invalid(
        'token',
        'is an async function, and a URL is built synchronously: await a call first, so that the token is known',
      );
    },
  };
}

function isPromise<T>(value: T | Promise<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

interface CheckedToken {
  text: string;
  /** Unix seconds. */
  expires?: number | undefined;
}

function isExpired({ expires }: CheckedToken, now: () => number): boolean {
  return expires !== undefined && now() >= expires * 1000;
}

function unexpired(token: CheckedToken, now: () => number): string {
  if (!isExpired(token, now)) return token.text;
  throw new TokenExpiredError('the access token has expired, so no request was sent: sign in again');
}

function checkToken(token: unknown, name: string): CheckedToken {
  if (token === undefined || token === null) {
    throw invalid(
      name,
      'is missing: it must be the Token of a sign-in, its access_token, or a function that returns either',
    );
  }
  if (typeof token === 'string') return { text: checkTokenText(name, token) };
  if (typeof token !== 'object') throw invalid(name, `must be a string or a Token, not ${kindOf(token)}`);
  if ('then' in token) throw invalid(name, 'must not be a promise: await it first, or pass a function that returns it');
  const { access_token, expires_at } = token as Partial<Record<keyof Token, unknown>>;
  const text = checkTokenText(`${name}.access_token`, access_token);
  if (expires_at === undefined) return { text };
  if (typeof expires_at !== 'number' || Number.isNaN(expires_at)) {
    throw invalid(`${name}.expires_at`, 'must be a number of Unix seconds');
  }
  return { text, expires: expires_at };
}

/** Refuses strings that match the grammar of a token but are mistakes. */
function checkTokenText(name: string, value: unknown): string {
  const text = checkText(name, value);
  if (/^\s*(authorization\s*:\s*)?bearer(\s|[:+]|%20|$)/i.test(text)) {
    throw invalid(name, 'must not begin with "Bearer": pass only the access token, because the SDK adds the scheme');
  }
  if (/^(undefined|null|NaN|\[object \w+\])$/.test(text)) {
    throw invalid(name, 'is undefined, null or an object, converted to a string: pass the access token itself');
  }
  if (/^[ "'`]|[ "'`]$/.test(text)) throw invalid(name, 'begins or ends with a space or a quotation mark: remove it');
  if (/^\{.*\}$/.test(text)) throw invalid(name, 'is JSON: parse it, and pass the Token or its access_token');
  return text;
}
