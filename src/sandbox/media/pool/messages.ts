import type { UnzipLimits } from '../archives/unzip.js';
import type { Recipe, Renditions } from '../rendition.js';

/** What the pool and its workers send each other. A worker does one job at a time; `job` is its number. */
export type ToWorker =
  | { kind: 'job'; job: number; task: Task; size: number; head: Uint8Array<ArrayBuffer> }
  | { kind: 'bytes'; job: number; read: number; bytes: Uint8Array<ArrayBuffer> | undefined }
  | { kind: 'more'; job: number; wanted: boolean };

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'read'; job: number; read: number; start: number; length: number }
  | { kind: 'unpacked'; job: number; pieces: Piece[] }
  | { kind: 'done'; job: number; result: Result }
  | { kind: 'failed'; job: number; name: string; message: string };

export type Task =
  | { name: 'meta'; type: string; mediaType: string }
  | { name: 'renditions'; recipe: Recipe; type: string }
  | { name: 'unzip'; limits: UnzipLimits };

export type Result = Record<string, unknown> | Renditions | undefined;

/** Files of an archive in order. What follows a `file` is its content, up to the next `file`. */
export type Piece = { kind: 'file'; name: string; size: number } | { kind: 'chunk'; chunk: Uint8Array<ArrayBuffer> };
