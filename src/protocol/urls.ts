import { checkText, invalid, kindOf } from './checks.js';
import { outOfBand } from './endpoints.js';
import { ConfigurationError } from './errors.js';

/** `new URL` without its error, which quotes the input. */
export function parseUrl(value: string, base?: string): URL | undefined {
  return URL.canParse(value, base) ? new URL(value, base) : undefined;
}

/** Whether a parsed URL stays on this machine. The URL parser has already brought `127.1` or `[0::1]` to one form. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function checkSecure(name: string, value: unknown): { text: string; url: URL } {
  const text = value instanceof URL ? value.href : value;
  if (typeof text !== 'string') {
    throw invalid(name, text === undefined ? 'is missing: it must be a URL' : `must be a URL, not ${kindOf(text)}`);
  }
  const url = parseUrl(checkText(name, text));
  if (!url) throw invalid(name, 'is no absolute URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url))) {
    throw new ConfigurationError('insecure_url', `${name} must be an https URL (http is for loopback hosts only)`);
  }
  if (!/^https?:\/\/[^ ]+$/i.test(text)) throw invalid(name, 'is no absolute URL');
  if (url.username !== '' || url.password !== '') throw invalid(name, 'must not hold credentials');
  if (text.includes('#')) throw invalid(name, 'must not have a fragment');
  return { text, url };
}

/** An OAuth endpoint. It may have a query of its own (RFC 6749 section 3.1). */
export function checkEndpoint(name: string, value: unknown): URL {
  return checkSecure(name, value).url;
}

/** The base of the API, without a slash at the end. */
export function checkBaseUrl(name: string, value: unknown): URL {
  const { text, url } = checkSecure(name, value);
  if (text.includes('?')) throw invalid(name, 'must not have a query');
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** What a callback can hold (RFC 6749 sections 4.1.2 and 4.2.2, RFC 9207). */
export const answerParameters: ReadonlySet<string> = new Set([
  'code',
  'state',
  'iss',
  'error',
  'error_description',
  'error_uri',
  'access_token',
  'token_type',
  'expires_in',
  'scope',
]);

/** A redirect URI, byte for byte as it was given. */
export function checkRedirectUri(name: string, value: unknown): string {
  if (value === outOfBand) return outOfBand;
  if (value instanceof URL) throw invalid(name, 'must be a string: it is sent byte for byte as registered');
  const { text, url } = checkSecure(name, value);
  for (const parameter of url.searchParams.keys()) {
    if (answerParameters.has(parameter))
      throw invalid(name, `must not have the parameter ${parameter}: the answer comes with its own`);
  }
  return text;
}
