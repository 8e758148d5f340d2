import { NetworkError } from '../protocol/errors.js';

/**
 * Loads a part that is not in the first bundle.
 * @throws {NetworkError} when the file is not to be had, because the page is offline or another version was deployed since
 */
export async function load<T>(part: () => Promise<T>): Promise<T> {
  try {
    return await part();
  } catch {
    throw new NetworkError('a part of the SDK could not be loaded: the network failed, or the page is out of date');
  }
}

export const loadTransfers = (): Promise<typeof import('./transfers.js')> => load(() => import('./transfers.js'));
