import type { FileRecord } from '../store/records.js';
import type { Plan, Program } from './plan.js';

/** Makes renditions with other programs. */
export interface Converter {
  /** The programs that it can use. */
  readonly programs: ReadonlySet<Program>;
  /**
   * Makes the renditions of a plan, and writes each into a new blob (see `renditionBlob`). If it fails, there are no new blobs.
   * @returns the size of each rendition in bytes, by name
   * @throws {ConversionFailed} if the file cannot be converted
   */
  convert(file: FileRecord, plan: Plan, signal: AbortSignal): Promise<ReadonlyMap<string, number>>;
  /** Deletes the files that it has left outside of the store. */
  close(): Promise<void>;
}

/** Thrown if a file cannot be converted. The message says why, and quotes nothing of the file. */
export class ConversionFailed extends Error {
  override readonly name = 'ConversionFailed';
}
