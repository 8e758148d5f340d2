import type { UnzipLimits } from '../archives/unzip.js';
import type { Description } from '../describe.js';
import type { FileNames } from '../kinds/decide-kind.js';
import type { Recipe, Renditions } from '../rendition.js';

/** The messages from the pool to a worker. A worker runs one job at a time, and `job` is its number. */
export type ToWorker =
  | { kind: 'job'; job: number; task: Task; size: number; head: Uint8Array<ArrayBuffer> }
  | { kind: 'bytes'; job: number; read: number; bytes: Uint8Array<ArrayBuffer> | undefined }
  | { kind: 'continue'; job: number; wanted: boolean };

/** The messages from a worker to the pool. */
export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'read'; job: number; read: number; start: number; length: number }
  | { kind: 'unpacked'; job: number; pieces: Piece[] }
  | { kind: 'done'; job: number; result: Result }
  | { kind: 'failed'; job: number; name: string; message: string };

export type Task =
  | { name: 'describe'; names: FileNames }
  | { name: 'renditions'; recipe: Recipe; type: string }
  | { name: 'avatar'; seed: string; size: number }
  | { name: 'unzip'; limits: UnzipLimits };

export type Result = Description | Renditions | undefined;

/** A part of the unpacked archive. The chunks between two `file` pieces are the content of the first of these files. */
export type Piece = { kind: 'file'; name: string; size: number } | { kind: 'chunk'; chunk: Uint8Array<ArrayBuffer> };
