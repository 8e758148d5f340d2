import { checkBoolean, checkId } from '../api/options/checks.js';
import { refuseInPage } from '../protocol/browser-secret.js';
import { checkText, invalid, kindOf } from '../protocol/checks.js';
import { isUrl, parseUrl } from '../protocol/urls.js';

// Checks of options and arguments. Each throws a ConfigurationError that names the argument.

export function checkSecret(name: string, value: string): string {
  const secret = checkText(name, value);
  refuseInPage(name, 'create the form and the signed URLs on your server');
  return secret;
}

/** The e-mail address identifies a person, but need not follow a grammar: it is signed as it is. */
export function checkEmail(name: string, value: unknown): string {
  if (value === undefined) throw invalid(name, 'is missing: it must be an e-mail address');
  if (typeof value !== 'string') throw invalid(name, `must be a string, not ${kindOf(value)}`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression matches control characters on purpose
  if (!/^[^\u0000-\u001f\u007f]+@[^\u0000-\u001f\u007f]+$/.test(value) || !value.isWellFormed() || value.length > 320) {
    throw invalid(name, 'must be an e-mail address, such as alice@example.org');
  }
  if (value !== value.trim()) throw invalid(name, 'must not begin or end with white space: trim it');
  return value;
}

/** Whether the signature for a document could also be one for an upload: both sign their target, and that of an upload is an address. */
export function isAddress(id: string): boolean {
  return id.includes('@');
}

/** An id may come from a callback, which a user can change. It must not make the application sign an upload to an address. */
export function checkDocumentId(id: unknown): string {
  const checked = checkId(id);
  if (isAddress(checked)) throw invalid('id', 'must be the id of a document, not an e-mail address');
  return checked;
}

/** The expiry of a signature, as it is sent: in whole seconds. */
export function checkExpires(name: string, value: Date | number | undefined): string | undefined {
  if (value === undefined) return undefined;
  const seconds = isDate(value) ? Math.floor(value.getTime() / 1000) : value;
  if (typeof seconds === 'number' && seconds >= 1e11) {
    throw invalid(name, 'is too large: it must be a Date, or a number of seconds since 1970, not of milliseconds');
  }
  if (!Number.isInteger(seconds) || seconds < 0) {
    throw invalid(name, 'must be a valid Date, or a whole number of seconds since 1970');
  }
  return String(seconds);
}

function isDate(value: unknown): value is Date {
  return typeof value === 'object' && value !== null && 'getTime' in value && typeof value.getTime === 'function';
}

/** The value does not matter to the server, only that there is one (wire document section 5.2). */
export function checkLazy(name: string, value: boolean | undefined): '1' | undefined {
  return checkBoolean(name, value) ? '1' : undefined;
}

export function checkCallbackUrl(name: string, value: string | URL | undefined): string | undefined {
  if (value === undefined) return undefined;
  const text = isUrl(value) ? value.href : value;
  const url = typeof text === 'string' ? parseUrl(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw invalid(
      name,
      'must be an absolute http or https URL of your application, without a user name and a password',
    );
  }
  return text;
}
