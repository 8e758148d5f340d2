/** What a server knows about the other end of a request's connection. A request that came by no connection has no peer. */
export interface Peer {
  /** Whether it is on this machine. Its `Host` header proves nothing about that. */
  isThisMachine: boolean;
  /** Breaks the connection: the server would print the failure of a body. */
  hangUp(): void;
}

export const peers: WeakMap<Request, Peer> = new WeakMap();
