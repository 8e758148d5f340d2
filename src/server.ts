// Sign-in on a server, by authorization code.
export {
  type Authorization,
  AuthorizationCodeClient,
  type AuthorizationCodeClientOptions,
  type AuthorizeOptions,
  type ExchangeOptions,
  type KeptPending,
} from './oauth/authorization-code/authorization-code-client.js';
export type { Callback, CallbackQuery, CallbackRequest } from './oauth/authorization-code/callback-input.js';
export { createTokenSeal, type TokenSeal, type TokenSealOptions } from './oauth/authorization-code/token-seal.js';
export type { Token } from './protocol/schemas/token.js';
export type { Fetch, FetchInit, FetchResponse } from './transport/http/fetch-option.js';
