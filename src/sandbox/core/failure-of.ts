import { StoreFullError } from '../store/store.js';
import { Failure } from './failure.js';

/** What a client is told of an error, if it is one that it can do something about. */
export function failureOf(error: Error): Failure | undefined {
  if (error instanceof Failure) return error;
  if (error instanceof StoreFullError)
    return new Failure(507, 'the disk of the sandbox is full: delete files, or make room on the disk');
  return undefined;
}
