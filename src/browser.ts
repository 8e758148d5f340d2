// Signing in in a browser page.
export {
  ImplicitGrantClient,
  type ImplicitGrantClientOptions,
  type PageHistory,
  type PageLocation,
  type SignInOptions,
} from './oauth/implicit-grant/implicit-grant-client.js';
export type { WebStorage } from './oauth/implicit-grant/web-storage.js';
export type { Token } from './protocol/schemas/token.js';
