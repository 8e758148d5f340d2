import { ConfigurationError } from '../../protocol/errors.js';

/** Replaces the real one in browser bundles, where everyone could read the secret. */
export class AuthorizationCodeClient {
  constructor() {
    throw serverOnly('AuthorizationCodeClient', 'sign in with ImplicitGrantClient of doctape-sdk/browser');
  }
}

/** Replaces the real one in browser bundles, where everyone could read the secret. */
export function createTokenSeal(): never {
  throw serverOnly('createTokenSeal', 'pass tokenStorage to ImplicitGrantClient of doctape-sdk/browser');
}

function serverOnly(name: string, remedy: string): ConfigurationError {
  return new ConfigurationError(
    'browser_secret',
    `${name} works on servers only, and this code was bundled for a browser, where everyone could read its secret: ${remedy}, ` +
      'or move this code to the server',
  );
}
