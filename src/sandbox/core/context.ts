import type { Grant } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { SandboxApp, SandboxUser } from './config.js';
import type { Peer } from './peer.js';
import type { Quirk } from './quirks.js';
import type { Quota } from './quota.js';

/** The state of a sandbox that several features share. A feature that needs more extends it. */
export interface SandboxContext {
  store: Store;
  users: ReadonlyMap<string, SandboxUser>;
  apps: ReadonlyMap<string, SandboxApp>;
  /** Milliseconds since 1970. */
  now: () => number;
  quirks: ReadonlySet<Quirk>;
  /** By user name: the last change to what the user owns. See `withUserLock`. */
  changes: Map<string, Promise<unknown>>;
  /** By user name. See `quotaOf`. */
  quotas: Map<string, Promise<Quota>>;
}

/** What is in Hono's context of each request. `grant` and `user` are set by `authenticate`. */
export interface SandboxEnv {
  Bindings: { quirks: ReadonlySet<Quirk>; peer?: Peer };
  Variables: { grant: Grant; user: SandboxUser; noRanges?: boolean };
}
