// Files and folders on disk, and sign-in for command-line programs. For Node, Bun and Deno.
export { openFile } from './node/files/open-file.js';
export { type SavedFile, type SaveOptions, saveDownload } from './node/files/save-download.js';
export {
  type DownloadAllOptions,
  type DownloadedFile,
  type DownloadResult,
  downloadAll,
  type RemoteFile,
} from './node/folders/download-all.js';
export type { Patterns } from './node/folders/patterns.js';
export { type FolderResult, type UploadFolderOptions, uploadFolder } from './node/folders/upload-folder.js';
export { type LoopbackOptions, signInWithLoopback } from './node/sign-in/sign-in-with-loopback.js';
export type { Token } from './protocol/schemas/token.js';
