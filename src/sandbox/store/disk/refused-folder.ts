import { ConfigurationError } from '../../../protocol/errors.js';

/** Says why a folder cannot be used. Nothing in it was changed. */
export function refusedFolder(root: string, reason: string): ConfigurationError {
  return new ConfigurationError('invalid_argument', `data folder ${root} ${reason}`);
}
