/** Thrown if a job is not done because its queue is full, or the sandbox is closed. The job can succeed later. */
export class TooManyJobs extends Error {
  override readonly name = 'TooManyJobs';
}

/** Runs a job when it is its turn. */
export type JobQueue = <T>(job: () => Promise<T>) => Promise<T>;

/**
 * Runs at most `limit` jobs at a time, in the order of the calls. At most `mostWaiting` others wait, so that a client that asks for
 * everything at once gets an error, and does not keep all others waiting for hours.
 */
export function jobQueue(limit: number, mostWaiting: number): JobQueue {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (job) => {
    if (free > 0) free -= 1;
    else if (waiting.length >= mostWaiting) throw new TooManyJobs('too many jobs are waiting');
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
