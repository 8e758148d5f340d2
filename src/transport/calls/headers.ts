import { checkText, invalid } from '../../protocol/checks.js';
import { version } from '../../protocol/version.js';
import { platform } from '../http/platform.js';

/** Additional headers: an object of names and values, or `Headers`. Undefined values are left out. */
export type HeadersOption = Record<string, string | undefined> | Iterable<readonly [string, string]>;

/** Headers with names in lower case. */
export type CallHeaders = Readonly<Record<string, string>>;

const reserved =
  /^(accept(-encoding)?|authorization|content-(encoding|length|range|type)|cookie|expect|host|if-.*|keep-alive|(proxy-)?connection|range|te|trailer|transfer-encoding|upgrade)$/;

/**
 * Checks headers of the application. Headers that the SDK sets itself are refused, so that they cannot override options, and those
 * that control the connection, because `fetch` fails with an error that does not name them (nodejs/undici#1470, #1746).
 */
export function checkHeaders(name: string, value: HeadersOption | undefined): CallHeaders | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) throw invalid(name, 'must be an object of header names and values');
  const given: unknown[] = Symbol.iterator in value ? [...value] : Object.entries(value);
  const headers: [string, string][] = [];
  for (const pair of given) {
    const [header, text]: unknown[] = Array.isArray(pair) ? pair : [];
    if (header !== undefined && text === undefined) continue;
    const lower = String(header).toLowerCase();
    if (reserved.test(lower)) throw invalid(name, `must not contain ${lower}: the SDK or \`fetch\` sets this header`);
    if (typeof text !== 'string' || !isHeader(lower, text)) {
      throw invalid(name, 'must contain valid HTTP headers: strings without line breaks, emoji or outer spaces');
    }
    headers.push([lower, text]);
  }
  return Object.fromEntries(headers);
}

function isHeader(name: string, value: string): boolean {
  try {
    return new Headers([[name, value]]).get(name) === value; // it removes a line break at the end
  } catch {
    return false; // the error quotes the value
  }
}

/** Empty in browsers, which send their own, and where a custom header would require a preflight request. */
export function userAgentHeader(name: string, userAgent: string | undefined): CallHeaders {
  const own = userAgent === undefined ? '' : ` ${checkText(name, userAgent)}`;
  return platform() === 'browser' ? {} : { 'user-agent': `doctape-sdk/${version}${own}` };
}
