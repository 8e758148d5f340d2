import { checkFunction, checkOptionalFunction, invalid } from '../../protocol/checks.js';
import type { OptionNames } from '../../protocol/options.js';
import { createConversions } from '../convert/conversions.js';
import type { Converter } from '../convert/converter.js';
import { readConfig, type SandboxApp, type SandboxUser } from '../core/config.js';
import { checkQuirks, type Quirk } from '../core/quirks.js';
import { recentRequests } from '../log/recent-requests.js';
import type { LoggedRequest } from '../log/request-log.js';
import type { MediaWork } from '../media/media-work.js';
import { renditionCache } from '../media/rendition-cache.js';
import type { StartContext } from '../start/start-context.js';
import { memoryStore } from '../store/memory-store.js';
import type { Store } from '../store/store.js';
import { type Faults, parseFaults } from './faults.js';

/** The users and applications of a sandbox, and how it behaves. */
export interface SandboxOptions {
  /** The users who can sign in. @default alice (password wonderland) and bob (password builder) */
  users?: SandboxUser[] | undefined;
  /** The applications that users can sign in to. @default one server app and one client app */
  apps?: SandboxApp[] | undefined;
  /** Where files and tokens are kept. @default memoryStore() */
  store?: Store | undefined;
  /** The name of a user. Every authorization request is approved as this user, without a consent page. @default none */
  autoApprove?: string | undefined;
  /** The faults of every response, such as `latency=200,status=503@0.1`. See docs/sandbox.md. @default none */
  faults?: string | undefined;
  /** Undocumented behaviour of doctape to turn on. See docs/sandbox.md. @default none */
  quirks?: readonly Quirk[] | undefined;
  /** The clock, in milliseconds since 1970. @default Date.now */
  now?: (() => number) | undefined;
  /**
   * Called for each request when its response begins. The request is redacted.
   *
   * @example
   * log: ({ method, path, status }) => console.error(method, path, status)
   */
  log?: ((request: LoggedRequest) => void) | undefined;
}

/** The names of the options, for `checkOptions`. */
export const sandboxOptionNames: OptionNames<SandboxOptions> = {
  users: 1,
  apps: 1,
  store: 1,
  autoApprove: 1,
  faults: 1,
  quirks: 1,
  now: 1,
  log: 1,
};

/** The state of a sandbox, made from its options. */
export interface ServerContext extends StartContext {
  autoApprove: SandboxUser | undefined;
  faults: Faults | undefined;
  log: ((request: LoggedRequest) => void) | undefined;
}

/** @throws {ConfigurationError} that names the option that is invalid */
export function readOptions(
  options: SandboxOptions,
  media: MediaWork,
  converterOf: (store: Store) => Converter | undefined,
): ServerContext {
  const { store = memoryStore(), autoApprove, now = () => Date.now() } = options;
  if (typeof store?.commit !== 'function') {
    throw invalid('store', 'must be memoryStore(), diskStore(folder), or a Store of your own');
  }
  const config = readConfig({ users: options.users, apps: options.apps });
  const users = new Map(config.users.map((user) => [user.username, user]));
  const shared = {
    store,
    users,
    apps: new Map(config.apps.map((app) => [app.clientId, app])),
    now: checkFunction('now', now),
    quirks: checkQuirks(options.quirks ?? []),
    changes: new Map(),
    quotas: new Map(),
  };
  const context = {
    ...shared,
    conversions: createConversions(shared, converterOf(store)),
    media,
    renditions: renditionCache({ bytes: 64 * 1024 * 1024, entries: 5_000 }),
    recent: recentRequests(),
    autoApprove: autoApprove === undefined ? undefined : users.get(autoApprove),
    faults: options.faults === undefined ? undefined : parseFaults('faults', options.faults),
    log: checkOptionalFunction('log', options.log),
  };
  if (autoApprove !== undefined && !context.autoApprove) {
    throw invalid('autoApprove', `must be one of the users: ${[...users.keys()].join(', ')}`);
  }
  return context;
}
