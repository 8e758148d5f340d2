// Signing in in a browser page.
export {
  ImplicitGrantClient,
  type ImplicitGrantClientOptions,
  type PageHistory,
  type PageLocation,
  type SignInOptions,
} from './oauth/implicit-grant-client.js';
export type { WebStorage } from './oauth/web-storage.js';
export type { Token } from './protocol/token.js';
