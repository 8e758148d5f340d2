// Signing in on a server.
export {
  type Authorization,
  AuthorizationCodeClient,
  type AuthorizationCodeClientOptions,
  type AuthorizeOptions,
} from './oauth/authorization-code/authorization-code-client.js';
export type { Callback } from './oauth/callback.js';
export type { Token } from './protocol/schemas/token.js';
export type { Fetch } from './transport/http/response.js';
