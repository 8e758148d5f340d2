import { TooManyJobs } from '../media/job-queue.js';
import { StoreFailedError, StoreFullError, UnavailableBlobError } from '../store/store.js';
import { Failure } from './failure.js';

/** The error response for an error that the client can do something about. Undefined for any other error. */
export function failureFromError(error: Error): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error instanceof StoreFullError) {
    return new Failure(507, 'the disk of the sandbox is full: delete files, or make room on the disk');
  }
  if (error instanceof StoreFailedError) {
    return new Failure(
      503,
      'the sandbox could not write to its disk, and refuses changes until it is restarted. The last change may not be stored',
    );
  }
  if (error instanceof UnavailableBlobError) {
    return new Failure(500, 'the content of the file is missing or damaged in the store of the sandbox: see its log');
  }
  if (error instanceof TooManyJobs) {
    return new Failure(503, 'too many files are being processed: try again later', { 'Retry-After': '5' });
  }
  return undefined;
}
