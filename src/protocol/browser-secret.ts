import { ConfigurationError } from './errors.js';

/**
 * Rejects a secret in a browser page.
 * @throws {ConfigurationError} `browser_secret`
 */
export function refuseInPage(name: string, remedy: string): void {
  if ((globalThis as { window?: { document?: unknown } }).window?.document) {
    throw new ConfigurationError(
      'browser_secret',
      `${name} must not be in a browser page, where everyone can read it: ${remedy}, or in a test, use the Node environment, not jsdom`,
    );
  }
}

/** The error of the stubs that browser bundles get. */
export function serverOnly(name: string, remedy: string): ConfigurationError {
  return new ConfigurationError(
    'browser_secret',
    `${name} works on servers only, and this code was bundled for a browser, where everyone could read its secret: ${remedy}, ` +
      'or move this code to the server',
  );
}
