import { checkText, invalid } from '../../protocol/checks.js';
import { version } from '../../protocol/version.js';
import { platform } from '../http/platform.js';

/** Headers to send along: an object of names and values, or `Headers`. What is undefined is left out. */
export type HeadersOption = Record<string, string | undefined> | Iterable<readonly [string, string]>;

/** Headers by their names in lower case. */
export type CallHeaders = Readonly<Record<string, string>>;

const reserved =
  /^(accept|accept-encoding|authorization|content-(encoding|length|range|type)|cookie|host|if-.*|range|te|transfer-encoding)$/;

/** Headers of an application. What the SDK sets itself is refused, so that no header can undo what an option says. */
export function checkHeaders(name: string, value: HeadersOption | undefined): CallHeaders | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'object' || value === null) throw invalid(name, 'must be an object of header names and values');
  const given: unknown[] = Symbol.iterator in value ? [...value] : Object.entries(value);
  const headers: [string, string][] = [];
  for (const pair of given) {
    const [header, text]: unknown[] = Array.isArray(pair) ? pair : [];
    if (header !== undefined && text === undefined) continue;
    const lower = String(header).toLowerCase();
    if (reserved.test(lower)) throw invalid(name, `must not hold ${lower}: the SDK sets that header itself`);
    if (typeof text !== 'string' || !isHeader(lower, text)) {
      throw invalid(name, 'must hold names and values that HTTP allows: strings without line breaks or emoji');
    }
    headers.push([lower, text]);
  }
  return Object.fromEntries(headers);
}

function isHeader(name: string, value: string): boolean {
  try {
    new Headers([[name, value]]);
    return true;
  } catch {
    return false; // the error quotes the value
  }
}

/** In a page the browser says who it is, and a header of our own would cost a preflight request. */
export function userAgentHeader(name: string, userAgent: string | undefined): CallHeaders {
  const own = userAgent === undefined ? '' : ` ${checkText(name, userAgent)}`;
  return platform() === 'browser' ? {} : { 'user-agent': `doctape-sdk/${version}${own}` };
}
