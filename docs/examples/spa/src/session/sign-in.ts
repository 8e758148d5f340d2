import { CallbackError, OAuthError, PopupError, StorageError, type Token } from 'doctape-sdk';
import { ImplicitGrantClient } from 'doctape-sdk/browser';
import type { Config } from './config.js';

export function createSignIn({ clientId, authorizationEndpoint, issuer }: Config): ImplicitGrantClient {
  return new ImplicitGrantClient({
    clientId,
    authorizationEndpoint,
    issuer,
    redirectUri: `${location.origin}/`,
    scope: ['account.read', 'file.read', 'file.create', 'file.update', 'file.delete', 'tape.read', 'tape.update'],
  });
}

/** Returns the URL of the page. Removes a token from the address bar before the first `await`. */
export function takeUrl(): string {
  const { href, hash, pathname, search } = location;
  if (hash.includes('access_token=')) history.replaceState(history.state, '', pathname + search);
  return href;
}

/** The token of the signed-in user and, after a failed sign-in, a sentence about the problem. */
export function resume(client: ImplicitGrantClient, url: string): { token?: Token | undefined; problem?: string } {
  try {
    if (url !== location.href) history.replaceState(history.state, '', url); // `resume()` removes the token again
    const token = client.resume();
    restoreUrl(client.returnTo);
    return { token };
  } catch (error) {
    restoreUrl(client.returnTo);
    // anyone can create a link that looks like a callback, so a signed-in user stays signed in
    return { token: storedToken(client), problem: explainSignIn(error) };
  }
}

function storedToken(client: ImplicitGrantClient): Token | undefined {
  try {
    return client.token;
  } catch {
    return undefined; // the storage is blocked, which was already reported
  }
}

function restoreUrl(place: string | undefined): void {
  if (place !== undefined) history.replaceState(history.state, '', place);
}

export function explainSignIn(error: unknown): string {
  if (error instanceof OAuthError && error.code === 'access_denied')
    return 'You did not allow access, so this app cannot see your files.';
  if (error instanceof CallbackError)
    return 'This sign-in could not be completed: it has expired, or was started in another tab.';
  if (error instanceof PopupError && error.code === 'popup_blocked')
    return 'Your browser blocked the sign-in window. Allow pop-ups for this page, then try again.';
  if (error instanceof PopupError) return 'You closed the window before you signed in.';
  if (error instanceof StorageError)
    return 'Your browser does not let this page remember a sign-in. Allow it to store data, then try again.';
  return 'The sign-in did not work. Try again.';
}
