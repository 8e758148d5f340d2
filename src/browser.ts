// Sign-in in a browser, by implicit grant.
export type { PageHistory, PageLocation } from './oauth/implicit-grant/address-bar.js';
export {
  ImplicitGrantClient,
  type ImplicitGrantClientOptions,
  type SignInOptions,
} from './oauth/implicit-grant/implicit-grant-client.js';
export type { PopupOptions } from './oauth/implicit-grant/popup.js';
export type { WebStorage } from './oauth/implicit-grant/web-storage.js';
export type { Token } from './protocol/schemas/token.js';
