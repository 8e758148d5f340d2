// Signing in on a server.
export {
  type Authorization,
  AuthorizationCodeClient,
  type AuthorizationCodeClientOptions,
  type AuthorizeOptions,
} from './oauth/authorization-code-client.js';
export type { Callback } from './oauth/callback.js';
export type { Token } from './protocol/token.js';
export type { Fetch } from './transport/response.js';
