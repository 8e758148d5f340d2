// The sandbox on a port, with storage on disk. Node only.

export { type ServedSandbox, type ServeOptions, serveSandbox } from './sandbox/server/serve-sandbox.js';
export { type DiskStoreOptions, diskStore } from './sandbox/store/disk/disk-store.js';
