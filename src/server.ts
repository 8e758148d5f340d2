// Signing in on a server.
export {
  type Authorization,
  AuthorizationCodeClient,
  type AuthorizationCodeClientOptions,
  type AuthorizeOptions,
} from './oauth/authorization-code-client.js';
