import { ConfigurationError, NetworkError } from '../protocol/errors.js';
import { systemCode } from './http/failure.js';
import { platform, requireGlobals } from './http/platform.js';
import { abortable } from './http/watch.js';

/**
 * Loads a chunk that is not in the first bundle.
 * @throws {NetworkError} in a browser, if the file cannot be loaded: the page is offline, or another version was deployed
 * @throws {ConfigurationError} `unsupported_platform` elsewhere: a file of the installation is missing or cannot be read
 */
export async function loadChunk<T>(importChunk: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  signal?.throwIfAborted();
  requireGlobals('ReadableStream', 'TextEncoder');
  const loaded = importChunk().catch((error: unknown) => {
    throw loadError(error);
  });
  return abortable(loaded, signal);
}

function loadError(error: unknown): NetworkError | ConfigurationError {
  const what = 'a part of doctape-sdk could not be loaded';
  // Firefox does not load a module again after a failure
  if (platform() === 'browser') return new NetworkError(`${what} from the server of this page: reload the page`);
  const code = systemCode(error);
  return new ConfigurationError(
    'unsupported_platform',
    `${what}${code ? ` (${code})` : ''}; deploy all files of its dist/ folder and its dependencies, readable by this process`,
  );
}
