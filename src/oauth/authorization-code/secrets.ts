import { refuseInPage } from '../../protocol/browser-secret.js';
import { checkText, invalid, kindOf } from '../../protocol/checks.js';

/**
 * Rejects a secret in a browser page.
 * @throws {ConfigurationError} `browser_secret`
 */
export function checkNotInPage(name: string): void {
  refuseInPage(name, 'use ImplicitGrantClient');
}

/** Checks the option `previousSecrets`. An undefined element is an error, because an environment variable may be missing. */
export function checkPreviousSecrets(value: readonly string[] | undefined): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw invalid('previousSecrets', `must be an array of strings, not ${kindOf(value)}`);
  return Array.from(value, (secret, index) => checkText(`previousSecrets[${index}]`, secret));
}
