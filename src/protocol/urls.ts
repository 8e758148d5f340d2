import { checkText, invalid, kindOf } from './checks.js';
import { outOfBand } from './endpoints.js';
import { ConfigurationError } from './errors.js';

/** `new URL()` that returns undefined instead of throwing an error that quotes the input. */
export function parseUrl(value: string, base?: string): URL | undefined {
  return URL.canParse(value, base) ? new URL(value, base) : undefined;
}

/** Whether a value is a `URL`, of this realm or another. */
export function isUrl(value: unknown): value is URL {
  return (
    typeof value === 'object' &&
    value !== null &&
    'searchParams' in value &&
    'href' in value &&
    typeof value.href === 'string'
  );
}

/** A URL from a string or a `URL`. Undefined for anything else. */
export function urlOf(value: unknown, base?: string): URL | undefined {
  const text = isUrl(value) ? value.href : value;
  return typeof text === 'string' ? parseUrl(text, base) : undefined;
}

/**
 * Whether the host of a parsed URL is loopback: `localhost` and its subdomains (RFC 6761 section 6.3), 127.0.0.0/8 and
 * `[::1]`. The URL parser has already normalized `127.1` and `[0::1]`.
 */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === '[::1]' || /^(([\w-]+\.)*localhost\.?|127\.\d+\.\d+\.\d+)$/.test(hostname);
}

/** The option that allows plain http. The options of a client can be passed unchanged. */
export interface UrlRules {
  allowInsecureHttp?: boolean | undefined;
}

function checkSecure(
  name: string,
  value: unknown,
  { allowInsecureHttp = false }: UrlRules,
): { text: string; url: URL } {
  if (typeof allowInsecureHttp !== 'boolean') {
    throw invalid('allowInsecureHttp', `must be true or false, not ${kindOf(allowInsecureHttp)}`);
  }
  const text = isUrl(value) ? value.href : value;
  if (typeof text !== 'string') {
    throw invalid(name, text === undefined ? 'is missing: it must be a URL' : `must be a URL, not ${kindOf(text)}`);
  }
  const url = parseUrl(checkText(name, text));
  if (!url) throw invalid(name, 'is not an absolute URL');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && (allowInsecureHttp || isLoopback(url)))) {
    throw new ConfigurationError(
      'insecure_url',
      `${name} must be an https URL: http is allowed for loopback hosts, and in development with allowInsecureHttp: true`,
    );
  }
  if (!/^https?:\/\/[^ ]+$/i.test(text)) throw invalid(name, 'is not an absolute URL');
  checkParts(name, text, url);
  return { text, url };
}

/** Refuses the parts of a URL that are never sent, or would be sent to the wrong place. */
export function checkParts(name: string, text: string, { username, password }: URL): void {
  if (username || password) throw invalid(name, 'must not have a user name or a password');
  if (text.includes('#')) throw invalid(name, 'must not have a fragment');
}

/** An OAuth endpoint. It may have a query of its own (RFC 6749 section 3.1). */
export function checkEndpoint(name: string, value: unknown, rules: UrlRules = {}): URL {
  return checkSecure(name, value, rules).url;
}

/** The base URL of the API, without a trailing slash. */
export function checkBaseUrl(name: string, value: unknown, rules: UrlRules = {}): URL {
  const { text, url } = checkSecure(name, value, rules);
  if (text.includes('?')) throw invalid(name, 'must not have a query');
  url.pathname = url.pathname.replace(/\/+$/, '');
  return url;
}

/** The parameters of a callback (RFC 6749 sections 4.1.2 and 4.2.2, RFC 9207). */
export const callbackParameters: ReadonlySet<string> = new Set([
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

/** A redirect URI, byte for byte as passed by the application. */
export function checkRedirectUri(name: string, value: unknown, rules: UrlRules = {}): string {
  if (value === outOfBand) return outOfBand;
  if (isUrl(value)) throw invalid(name, 'must be a string: it is sent byte for byte as registered');
  const { text, url } = checkSecure(name, value, rules);
  checkNoCallbackParameters(name, url);
  return text;
}

/** Refuses a redirect URI whose own query would collide with the parameters of a callback. */
export function checkNoCallbackParameters(name: string, { searchParams }: URL): void {
  for (const parameter of searchParams.keys()) {
    if (callbackParameters.has(parameter)) {
      throw invalid(name, `must not have the parameter ${parameter} in its query: the callback adds its own`);
    }
  }
}

/**
 * Whether browsers and `fetch` never connect to this port (Fetch standard, "port blocking"). A client then fails without the reason:
 * "fetch failed".
 */
export function isBlockedPort(port: number): boolean {
  return [
    ...[1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95],
    ...[101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179],
    ...[389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636],
    ...[989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061],
    ...[6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080],
  ].includes(port);
}
