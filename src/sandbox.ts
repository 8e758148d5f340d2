// The sandbox server as a function from Request to Response. Runs on every platform.
export type { Token } from './protocol/schemas/token.js';
export type { Scope } from './protocol/scopes.js';
export type { SandboxApp, SandboxUser } from './sandbox/core/config.js';
export { type Quirk, quirks } from './sandbox/core/quirks.js';
export type { LoggedRequest } from './sandbox/log/request-log.js';
export { createSandbox, type Sandbox } from './sandbox/server/create-sandbox.js';
export type { SandboxOptions } from './sandbox/server/sandbox-options.js';
export { memoryStore } from './sandbox/store/memory-store.js';
export type {
  CodeRecord,
  Collection,
  ConversionRecord,
  FileRecord,
  FileReference,
  Grant,
  LinkRecord,
  Records,
  TapeRecord,
  UsageRecord,
} from './sandbox/store/records.js';
export {
  type BlobRange,
  type BlobWriter,
  type Change,
  type Store,
  StoreFailedError,
  StoreFullError,
} from './sandbox/store/store.js';
