import { checkText, invalid, kindOf } from '../../protocol/checks.js';
import { ConfigurationError } from '../../protocol/errors.js';

/**
 * Refuses a secret where everyone can read it.
 * @throws {ConfigurationError} `browser_secret`
 */
export function checkNotInPage(name: string): void {
  if ((globalThis as { window?: { document?: unknown } }).window?.document) {
    throw new ConfigurationError(
      'browser_secret',
      `${name} must not be in a browser page, where everyone can read it: use ImplicitGrantClient`,
    );
  }
}

/** The secrets that one had before. An environment variable that is missing is refused here. */
export function checkPreviousSecrets(value: readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid('previousSecrets', `must be an array of strings, not ${kindOf(value)}`);
  return Array.from(value, (secret, index) => checkText(`previousSecrets[${index}]`, secret));
}
