// A doctape of your own, as a function. Runs everywhere.
export type { SandboxApp, SandboxUser } from './sandbox/config.js';
export { createSandbox, type Sandbox, type SandboxOptions } from './sandbox/create-sandbox.js';
export { memoryStore } from './sandbox/memory-store.js';
export { type Quirk, quirks } from './sandbox/quirks.js';
export type {
  CodeRecord,
  Collection,
  FileRecord,
  Grant,
  PublicAddress,
  Records,
  TapeRecord,
} from './sandbox/records.js';
export type { BlobRange, BlobWriter, Store } from './sandbox/store.js';
