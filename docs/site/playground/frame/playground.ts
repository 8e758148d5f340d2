import type { Scope, Token } from '../../../../src/sandbox.ts';
import { askWorker } from '../messages.ts';

// The module `playground`, which the visitor's code can import.

/** The URL of the sandbox in this page: `authorizationEndpoint` is `${sandboxUrl}/oauth2`, and `baseUrl` is `${sandboxUrl}/v1`. */
export const sandboxUrl: string = new URL('sandbox', import.meta.url).href;

/** Gets a token of a user without a sign-in page. */
export function signIn(username = 'alice', options: { scope?: readonly Scope[] } = {}): Promise<Token> {
  const { controller } = navigator.serviceWorker;
  if (!controller) throw new Error('the sandbox is not running: reload the page');
  return askWorker(controller, { type: 'sign-in', username, options });
}
