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

/** The token of whoever is signed in; or, on the way back from a sign-in that failed, a sentence about it. */
export function resume(client: ImplicitGrantClient): { token?: Token | undefined; problem?: string } {
  try {
    const token = client.resume();
    goBackTo(client.returnTo);
    return { token };
  } catch (error) {
    goBackTo(client.returnTo);
    return { problem: explainSignIn(error) };
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
