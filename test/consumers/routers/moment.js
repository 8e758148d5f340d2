import { ImplicitGrantClient } from 'doctape-sdk/browser';

// A page that signs in: what each of the applications beside this file has. The test sets `localStorage.settings`.

const { moment, ...options } = JSON.parse(localStorage.getItem('settings') ?? '{}');
globalThis.client = new ImplicitGrantClient(options);
globalThis.outcomes = [];

/** Calls `resume()` if this is the moment at which the test wants it. Applications do it at each of these. */
export function at(now) {
  if (now !== moment) return;
  try {
    globalThis.outcomes.push(globalThis.client.resume() ? 'signed in' : 'signed out');
  } catch (error) {
    globalThis.outcomes.push(error.code);
  }
}
