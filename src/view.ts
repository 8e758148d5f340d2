// The View API: documents of people without an account, signed with the client secret.

export type { DownloadOptions } from './api/files.js';
export type { CallOptions } from './api/options/call-options.js';
export type { Rendition } from './protocol/renditions.js';
export type { FileInfo } from './protocol/schemas/file.js';
export type { Fetch, FetchInit, FetchResponse } from './transport/http/fetch-option.js';
export type { UploadSource } from './transport/upload/source.js';
export type { PostedForm, ViewCallback } from './view/callback.js';
export type {
  SigningOptions,
  UploadFormOptions,
  ViewClientOptions,
  ViewUploadOptions,
} from './view/options.js';
export { type UploadedDocument, type UploadForm, ViewClient } from './view/view-client.js';
