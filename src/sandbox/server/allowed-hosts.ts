import { isIP, isIPv6 } from 'node:net';
import { invalid } from '../../protocol/checks.js';
import { isLoopback, parseUrl } from '../../protocol/urls.js';

/**
 * Makes a check of the names that a server on `host` is called by, for what is not open to all origins anyway. A website can
 * have its own name point to this machine once it is open in a browser (DNS rebinding), and is then one origin with the
 * server: but it cannot change its name. An address cannot be made to point elsewhere, so who listens on all of them answers to
 * all of them. Programs of 2013 have doctape's own names built in, which somebody has to lead here.
 */
export function checkAllowedHosts(host: unknown, allowed: unknown): (url: URL) => boolean {
  const own = hostName(host);
  if (own === undefined) throw invalid('host', 'must be an address or a name, such as 127.0.0.1');
  const others = Array.isArray(allowed) ? allowed.map(hostName) : [undefined];
  if (others.includes(undefined)) {
    throw invalid('allowedHosts', 'must be an array of names or addresses without ports, such as doctape.test');
  }
  const names = new Set([own, ...others]);
  const everyAddress = own === '0.0.0.0' || own === '[::]';
  return (url) => {
    const name = withoutDot(url.hostname);
    return (
      isLoopback(url) ||
      doctapes.test(name) ||
      names.has(name) ||
      (everyAddress && isIP(name.replace(/[[\]]/g, '')) !== 0)
    );
  };
}

const doctapes = /(^|\.)doctape\.com$/;

/** In the form that the URL parser gives it. */
function hostName(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (isIPv6(value)) return parseUrl(`http://[${value.replace(/%.*/, '')}]`)?.hostname; // no URL has a zone
  const name = /^[^/?#@\\:[\]\s]+$/.test(value) ? parseUrl(`http://${value}`)?.hostname : undefined;
  return name !== undefined && /^[\w.-]+$/.test(name) ? withoutDot(name) : undefined;
}

function withoutDot(name: string): string {
  return name.replace(/\.$/, '');
}
