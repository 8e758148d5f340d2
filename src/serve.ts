// Serves the sandbox over HTTP and stores its data on disk. Node.js only.

export { type ServedSandbox, type ServeOptions, serveSandbox } from './sandbox/server/serve-sandbox.js';
export { type DiskStoreOptions, diskStore } from './sandbox/store/disk/disk-store.js';
