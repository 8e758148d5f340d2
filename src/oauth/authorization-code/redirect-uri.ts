import { invalid } from '../../protocol/checks.js';
import { ConfigurationError } from '../../protocol/errors.js';
import {
  checkNoCallbackParameters,
  checkParts,
  checkRedirectUri,
  parseUrl,
  type UrlRules,
} from '../../protocol/urls.js';

/** Registered schemes that cannot identify an application. */
const schemesOfTheWeb = /^(about|blob|data|file|filesystem|ftp|javascript|mailto|urn|vbscript|view-source|wss?):/i;

/**
 * Checks the redirect URI of an authorization code grant, and returns it unchanged. It is an `http` or `https` URL, or has a
 * private-use scheme (RFC 8252 section 7.1) such as `com.example.app:/callback`, for which the system opens a native application.
 */
export function checkCodeRedirectUri(name: string, value: unknown, rules: UrlRules): string {
  const [, scheme = ''] = (typeof value === 'string' && /^([a-z][a-z0-9+.-]*):/i.exec(value)) || [];
  if (typeof value !== 'string' || scheme === '' || /^https?$/i.test(scheme) || schemesOfTheWeb.test(value)) {
    return checkRedirectUri(name, value, rules);
  }
  const url = parseUrl(value);
  // `app.example:3000/callback` is a host and a port without a scheme
  if (!url || !/^[\x21-\x7e]+$/.test(value) || !/^[^:]*:\//.test(value)) throw invalid(name, 'is not an absolute URL');
  if (!/^[a-z0-9+-]+(\.[a-z0-9+-]+)+$/i.test(scheme)) {
    throw new ConfigurationError(
      'insecure_url',
      `${name} has a private-use scheme without a dot, which other applications could also register: use your domain name in ` +
        'reverse order, such as com.example.app:/callback (RFC 8252 section 7.1)',
    );
  }
  checkParts(name, value, url);
  checkNoCallbackParameters(name, url);
  return value;
}
