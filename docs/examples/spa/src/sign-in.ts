import { CallbackError, OAuthError, StorageError, type Token } from 'doctape-sdk';
import { ImplicitGrantClient } from 'doctape-sdk/browser';
import type { Config } from './config.js';

export function createSignIn({ clientId, authorizationEndpoint, issuer }: Config): ImplicitGrantClient {
  return new ImplicitGrantClient({
    clientId,
    authorizationEndpoint,
    issuer,
    redirectUri: `${location.origin}/`,
    scope: ['account.read', 'file.read', 'file.create', 'file.update', 'file.delete'],
  });
}

/** The address that the page was loaded with. A token is out of the address bar before anything is waited for. */
export function takeAddress(): string {
  const { href, hash, pathname, search } = location;
  if (hash.includes('access_token=')) history.replaceState(history.state, '', pathname + search);
  return href;
}

/** The token of whoever is signed in, and, on the way back from a sign-in that failed, a sentence about it. */
export function resume(client: ImplicitGrantClient, address: string): { token?: Token | undefined; problem?: string } {
  try {
    const token = address === location.href ? client.resume() : client.handleCallback(address);
    goBackTo(client.returnTo);
    return { token };
  } catch (error) {
    goBackTo(client.returnTo);
    // anybody can make a link that looks like a callback: who is signed in stays so
    return { token: remembered(client), problem: explainSignIn(error) };
  }
}

function remembered(client: ImplicitGrantClient): Token | undefined {
  try {
    return client.token;
  } catch {
    return undefined; // the storage is blocked, which has just been told
  }
}

function goBackTo(place: string | undefined): void {
  if (place !== undefined) history.replaceState(history.state, '', place);
}

export function explainSignIn(error: unknown): string {
  if (error instanceof OAuthError && error.code === 'access_denied')
    return 'You did not allow access, so nothing was shown to this app.';
  if (error instanceof CallbackError)
    return 'This sign-in could not be completed: it is too old, or was begun in another tab.';
  if (error instanceof StorageError)
    return 'Your browser does not let this page remember a sign-in. Allow it to store data, then try again.';
  return 'The sign-in did not work. Try again.';
}
