// The client of the API, and what everything else shares.
export type { AccountResource, AvatarSize } from './api/account.js';
export type { CallOptions } from './api/call-options.js';
export { ApiClient, type ApiClientOptions } from './api/client.js';
export type {
  DownloadOptions,
  FileChanges,
  FilesResource,
  ListOptions,
  UploadAllOptions,
  UploadOptions,
} from './api/files.js';
export type { RequestOptions, SchemaResult, StandardSchema } from './api/request.js';
export type { TapeChanges, TapesResource } from './api/tapes.js';
export type { WaitOptions } from './api/wait-until-processed.js';

// What travels.
export type { Account } from './protocol/account.js';
// What can go wrong.
export * from './protocol/errors.js';
export type { FileInfo, MediaType, UploadedFile } from './protocol/file.js';
export type { FileMeta } from './protocol/meta.js';
export { type Rendition, renditions } from './protocol/renditions.js';
export { type Scope, scopes } from './protocol/scopes.js';
export type { Tape } from './protocol/tape.js';
export type { Token } from './protocol/token.js';
export type { HookEvent, Hooks } from './transport/hooks.js';
export type { OnProgress, Progress } from './transport/progress.js';
export type { ByteRange } from './transport/range.js';
export type { Fetch } from './transport/response.js';
export type { RetryOptions } from './transport/retry.js';
export type { UploadSource } from './transport/source.js';
