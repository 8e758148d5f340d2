import { ConfigurationError } from '../../protocol/errors.js';

/** Stands in where a page is built: the real one has a secret, which everyone could read there. */
export class AuthorizationCodeClient {
  constructor() {
    throw new ConfigurationError(
      'browser_secret',
      'AuthorizationCodeClient is for servers, and this was bundled for a browser, where everyone could read its secret: ' +
        'sign in with ImplicitGrantClient of doctape-sdk/browser, or move this code to the server',
    );
  }
}
