// Serves the sandbox over HTTP and stores its data on disk. Node.js only.

export type { ConverterProgram } from './sandbox/convert/programs/find-programs.js';
export type { Decoder } from './sandbox/media/pool/peers.js';
export { type ServedSandbox, type ServeOptions, serveSandbox } from './sandbox/server/serve-sandbox.js';
export { type DiskStoreOptions, diskStore } from './sandbox/store/disk/disk-store.js';
