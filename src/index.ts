// The client of the API, and what everything else shares.
export type { AccountResource, CallOptions } from './api/account.js';
export { ApiClient, type ApiClientOptions } from './api/client.js';
export type { DownloadOptions, FilesResource, ListOptions, UploadOptions } from './api/files.js';

// What travels.
export type { Account } from './protocol/account.js';
// What can go wrong.
export * from './protocol/errors.js';
export type { FileInfo, MediaType, UploadedFile } from './protocol/file.js';
export { type Rendition, renditions } from './protocol/renditions.js';
export { type Scope, scopes } from './protocol/scopes.js';
export type { Token } from './protocol/token.js';
export type { ByteRange } from './transport/download.js';
export type { Fetch } from './transport/http.js';
export type { OnProgress, Progress } from './transport/progress.js';
export type { UploadSource } from './transport/source.js';
