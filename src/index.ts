// The client of the API, its errors, and the types that all entry points share.
export type { AccountResource, AvatarSize } from './api/account.js';
export { ApiClient, type ApiClientOptions, type ClientSettings } from './api/client.js';
export type { TokenOption } from './api/credential.js';
export { contentDisposition, fileName, type NamedFile } from './api/file-name.js';
export type {
  DownloadOptions,
  FileChanges,
  FilesResource,
  ListOptions,
} from './api/files.js';
export type { CallOptions } from './api/options/call-options.js';
export type { UploadAllOptions, UploadOptions } from './api/options/upload-options.js';
export type { RequestOptions, SchemaResult, StandardSchema } from './api/request.js';
export type { TapeChanges, TapesResource } from './api/tapes.js';
export type { OnFile, UploadEachOptions } from './api/uploads.js';
export type { WaitOptions } from './api/wait-until-processed.js';
// Errors.
export * from './protocol/errors.js';
export { type Rendition, renditions } from './protocol/renditions.js';
// Data types of the API.
export type { Account } from './protocol/schemas/account.js';
export type { FileInfo, MediaType, UploadedFile } from './protocol/schemas/file.js';
export type { FileMeta } from './protocol/schemas/meta.js';
export type { Tape } from './protocol/schemas/tape.js';
export type { Token } from './protocol/schemas/token.js';
export { type Scope, scopes } from './protocol/scopes.js';
export type { HeadersOption } from './transport/calls/headers.js';
export type {
  ErrorHookEvent,
  HookEvent,
  Hooks,
  RequestHookEvent,
  ResponseHookEvent,
  RetryHookEvent,
} from './transport/calls/hooks.js';
export type { OnProgress, Progress } from './transport/calls/progress.js';
export type { RetryOptions } from './transport/calls/retry.js';
export type { ByteRange } from './transport/download/range.js';
export type { Fetch, FetchInit, FetchResponse } from './transport/http/fetch-option.js';
export type { UploadSource } from './transport/upload/source.js';
