/** Thrown if a job exceeds its limit of time or memory. It would fail again for the same file, so do not retry it. */
export class JobLimitExceeded extends Error {
  override readonly name = 'JobLimitExceeded';
}
