// Files on disk, and signing in without a web server. For Node, Bun and Deno.
export { openFile } from './disk/open-file.js';
export { type SavedFile, type SaveOptions, saveDownload } from './disk/save-download.js';
export { type LoopbackOptions, signInWithLoopback } from './disk/sign-in-with-loopback.js';
export type { Token } from './protocol/token.js';
