import type { Context } from 'hono';

/** The other end of a request's connection. A request that is passed to `sandbox.fetch` directly has no peer. */
export interface Peer {
  /** Whether the client is on this machine. The `Host` header does not prove this, because the client chooses it. */
  isThisMachine: boolean;
  /** Closes the connection. A response body that errors would also close it, but then the server logs the error. */
  closeConnection(): void;
  /** Resolves when the server has looked after its other connections. */
  otherRequests?(): Promise<void>;
  /** Whether the server sends a `TextResponse` as it is. */
  sendsText?: boolean;
}

export function peerOf(c: Context): Peer | undefined {
  const { peer }: { peer?: Peer } = c.env;
  return peer;
}
