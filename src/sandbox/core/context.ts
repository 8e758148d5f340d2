import type { MediaWork } from '../media/media-work.js';
import type { RenditionCache } from '../media/rendition-cache.js';
import type { Grant } from '../store/records.js';
import type { Store } from '../store/store.js';
import type { SandboxApp, SandboxUser } from './config.js';
import type { Quirk } from './quirks.js';
import type { Quota } from './quota.js';

/** What every part of the sandbox is given. */
export interface SandboxContext {
  store: Store;
  users: ReadonlyMap<string, SandboxUser>;
  apps: ReadonlyMap<string, SandboxApp>;
  /** Milliseconds since 1970. */
  now: () => number;
  /** The user as whom every authorization request is approved without a page. */
  autoApprove: string | undefined;
  quirks: ReadonlySet<Quirk>;
  /** The last change to what each user owns. */
  changes: Map<string, Promise<unknown>>;
  quotas: Map<string, Promise<Quota>>;
  media: MediaWork;
  renditions: RenditionCache;
}

/** What Hono's handlers find in their context. */
export interface SandboxEnv {
  Variables: { grant: Grant; user: SandboxUser; quirks: ReadonlySet<Quirk>; noRanges?: boolean };
}

/** The form in which codes and tokens are stored. */
export async function fingerprint(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
