import { NetworkError } from '../protocol/errors.js';
import { orAborted } from './http/watch.js';

/**
 * Loads a part that is not in the first bundle.
 * @throws {NetworkError} when the file is not to be had, because the page is offline or another version was deployed since
 */
export async function load<T>(part: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  const loaded = part().catch(() => {
    // Firefox does not try a second time, whatever becomes of the network
    throw new NetworkError('a part of the SDK could not be loaded, from where the page came: reload the page');
  });
  return orAborted(loaded, signal);
}
