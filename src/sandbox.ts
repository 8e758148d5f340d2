// The sandbox server as a function from Request to Response. Runs on every platform.
export type { SandboxApp, SandboxUser } from './sandbox/core/config.js';
export { type Quirk, quirks } from './sandbox/core/quirks.js';
export { createSandbox, type Sandbox } from './sandbox/server/create-sandbox.js';
export type { LoggedRequest } from './sandbox/server/request-log.js';
export type { SandboxOptions } from './sandbox/server/sandbox-options.js';
export { memoryStore } from './sandbox/store/memory-store.js';
export type {
  CodeRecord,
  Collection,
  FileRecord,
  FileReference,
  Grant,
  Records,
  TapeRecord,
  UsageRecord,
} from './sandbox/store/records.js';
export { type BlobRange, type BlobWriter, type Change, type Store, StoreFullError } from './sandbox/store/store.js';
