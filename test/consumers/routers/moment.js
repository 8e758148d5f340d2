import { ImplicitGrantClient } from 'doctape-sdk/browser';

// The sign-in code that all applications in this folder share. The test sets `localStorage.settings`.

const { moment, ...options } = JSON.parse(localStorage.getItem('settings') ?? '{}');
globalThis.client = new ImplicitGrantClient(options);
globalThis.outcomes = [];

/** Calls `resume()` at the moment that the test selects. Each of these moments occurs in real applications. */
export function at(now) {
  if (now !== moment) return;
  try {
    globalThis.outcomes.push(globalThis.client.resume() ? 'signed in' : 'signed out');
  } catch (error) {
    globalThis.outcomes.push(error.code);
  }
}
