import { isIP, isIPv6 } from 'node:net';
import { invalid } from '../../protocol/checks.js';
import { isLoopback, parseUrl } from '../../protocol/urls.js';

export interface AllowedHosts {
  isAllowed(url: URL): boolean;
  /** The `Host` headers of requests that a proxy has received over TLS. */
  secure: ReadonlySet<string>;
}

/**
 * Returns a check of the `Host` header for a server that listens on `host`. It protects the paths that are not open to all
 * origins against DNS rebinding: a website that is open in a browser can make its own name resolve to this machine, and then
 * has the same origin as the server. It cannot change its name, so only known names are allowed:
 *
 * - loopback names, `host`, and the names in `allowed`
 * - every IP address if the server listens on all of them: an address cannot be rebound
 * - doctape's own names, which clients of 2013 have built in
 */
export function checkAllowedHosts(host: unknown, allowed: unknown): AllowedHosts {
  const own = hostName(host);
  if (own === undefined) throw invalid('host', 'must be an IP address or a host name, such as 127.0.0.1');
  const origins: unknown[] = Array.isArray(allowed) ? allowed.map((each) => secureOrigin(each) ?? each) : [undefined];
  const others = origins.map((each) => (each instanceof URL ? each.hostname : hostName(each)));
  if (others.includes(undefined)) {
    throw invalid(
      'allowedHosts',
      'must be an array of host names or IP addresses without ports, such as doctape.test, or of origins with https, such as https://doctape.test',
    );
  }
  const names = new Set([own, ...others]);
  const everyAddress = own === '0.0.0.0' || own === '[::]';
  return {
    secure: new Set(origins.flatMap((each) => (each instanceof URL ? [each.host] : []))),
    isAllowed(url) {
      const name = withoutTrailingDot(url.hostname);
      return (
        isLoopback(url) ||
        doctapeNames.test(name) ||
        names.has(name) ||
        (everyAddress && isIP(name.replace(/[[\]]/g, '')) !== 0)
      );
    },
  };
}

const doctapeNames = /(^|\.)doctape\.com$/;

/** The URL of an origin with `https`. Undefined if it is not one. */
function secureOrigin(value: unknown): URL | undefined {
  const [, host = ''] = (typeof value === 'string' && /^https:\/\/([^/?#@\\\s*]+)\/?$/i.exec(value)) || [];
  return host === '' ? undefined : parseUrl(`https://${host}`);
}

/** The host name in the form of `URL.hostname`. Undefined if it is not one. */
function hostName(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (isIPv6(value)) return parseUrl(`http://[${value.replace(/%.*/, '')}]`)?.hostname; // a URL cannot contain a zone
  const name = /^[^/?#@\\:[\]\s]+$/.test(value) ? parseUrl(`http://${value}`)?.hostname : undefined;
  return name !== undefined && /^[\w.-]+$/.test(name) ? withoutTrailingDot(name) : undefined;
}

function withoutTrailingDot(name: string): string {
  return name.replace(/\.$/, '');
}
