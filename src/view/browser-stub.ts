import { serverOnly } from '../protocol/browser-secret.js';

/** Replaces the real one in browser bundles, where everyone could read the secret. */
export class ViewClient {
  constructor() {
    throw serverOnly('ViewClient', 'create the form and the signed URLs on your server and send them to the page');
  }
}
