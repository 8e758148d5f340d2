import { serverOnly } from '../../protocol/browser-secret.js';

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
