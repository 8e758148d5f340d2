import { ConfigurationError, NetworkError } from '../protocol/errors.js';
import { systemCode } from './http/failure.js';
import { needs, platform } from './http/platform.js';
import { orAborted } from './http/watch.js';

/**
 * Loads a part that is not in the first bundle.
 * @throws {NetworkError} in a browser, when the file cannot be loaded: the page is offline, or another version was deployed since
 * @throws {ConfigurationError} `unsupported_platform` elsewhere: the installation lacks a file, or it cannot be read
 */
export async function load<T>(part: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  needs('ReadableStream', 'TextEncoder');
  const loaded = part().catch((error: unknown) => {
    throw notLoaded(error);
  });
  return orAborted(loaded, signal);
}

function notLoaded(error: unknown): NetworkError | ConfigurationError {
  const what = 'a part of doctape-sdk could not be loaded';
  // Firefox does not try a second time, whatever becomes of the network
  if (platform() === 'browser') return new NetworkError(`${what} from the server of this page: reload the page`);
  const code = systemCode(error);
  return new ConfigurationError(
    'unsupported_platform',
    `${what}${code ? ` (${code})` : ''}; all files of its dist/ must be deployed, and readable by this process`,
  );
}
