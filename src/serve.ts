// The sandbox on a port, stored on disk. Node only.
export { diskStore } from './sandbox/disk-store.js';
export { type ServedSandbox, type ServeOptions, serveSandbox } from './sandbox/serve-sandbox.js';
