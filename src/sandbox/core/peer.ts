/** The other end of a request's connection. A request that is passed to `sandbox.fetch` directly has no peer. */
export interface Peer {
  /** Whether it is on this machine. The `Host` header proves nothing about that. */
  isThisMachine: boolean;
  /** Closes the connection. A body that fails would do the same, but the server prints its error. */
  hangUp(): void;
}

export const peers: WeakMap<Request, Peer> = new WeakMap();
