import { UsageError } from './errors.js';

/**
 * Refuses URLs where a file or an id is expected. Error messages quote file names and ids, and a URL can contain a token or
 * a password.
 */
export function refuseUrls(expected: string, values: readonly (string | undefined)[]): void {
  if (values.some((value) => value?.includes('://'))) throw new UsageError(`${expected}, not a URL`);
}
