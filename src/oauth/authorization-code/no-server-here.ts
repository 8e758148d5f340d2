import { ConfigurationError } from '../../protocol/errors.js';

/** Takes the place of the real one in a bundle for a page, where everyone could read its secret. */
export class AuthorizationCodeClient {
  constructor() {
    throw notHere('AuthorizationCodeClient', 'sign in with ImplicitGrantClient of doctape-sdk/browser');
  }
}

/** Takes the place of the real one in a bundle for a page, where everyone could read its secret. */
export function createTokenSeal(): never {
  throw notHere('createTokenSeal', 'pass tokenStorage to ImplicitGrantClient of doctape-sdk/browser');
}

function notHere(name: string, remedy: string): ConfigurationError {
  return new ConfigurationError(
    'browser_secret',
    `${name} is for servers, and this was bundled for a browser, where everyone could read its secret: ${remedy}, or move this ` +
      'code to the server',
  );
}
