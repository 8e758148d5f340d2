import { ConfigurationError } from '../../../protocol/errors.js';

/** Creates the error for a folder that cannot be used and was left unchanged. */
export function refusedFolder(root: string, reason: string): ConfigurationError {
  return new ConfigurationError('invalid_argument', `data folder ${root} ${reason}`);
}
