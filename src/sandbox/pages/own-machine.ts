import type { Context } from 'hono';
import { isLoopback } from '../../protocol/urls.js';
import { peerOf } from '../core/peer.js';

/**
 * Whether the client may see the start page, which contains passwords: it must be on this machine, and use a loopback name. A client
 * can send any `Host` header, and a website can make its own name resolve to this machine. A proxy on this machine hides where its
 * clients are, and may replace the name.
 */
export function isOwnMachine(c: Context): boolean {
  const isForwarded = forwarding.some((name) => c.req.header(name) !== undefined);
  return peerOf(c)?.isThisMachine !== false && !isForwarded && isLoopback(new URL(c.req.url));
}

/** What proxies add to a request. Not all do. */
const forwarding = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'];

/** The same for pages that other machines can see too. Behind another server, it is not known where the client is. */
export function isKnownOwnMachine(c: Context): boolean {
  return peerOf(c) !== undefined && isOwnMachine(c);
}
