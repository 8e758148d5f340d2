/** The limits of one run of a program. */
export interface Limits {
  /** Of time, and of processor time. */
  seconds: number;
  /** Address space. */
  memoryBytes: number;
  /** Of all files that it writes. */
  fileBytes: number;
  openFiles: number;
}
