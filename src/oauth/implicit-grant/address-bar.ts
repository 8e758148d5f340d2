import { StorageError } from '../../protocol/errors.js';
import { type PageCallback, pageCallback, statesIn, valuesOf, withoutCallback } from './page-callback.js';

/** The part of `window.location` that is used. */
export interface PageLocation {
  /** The URL of the page. */
  readonly href: string;
  assign(url: string): void;
}

/** The part of `window.history` that is used. */
export interface PageHistory {
  /** The state of the current entry. It is preserved, except for the callback parameters. */
  readonly state: unknown;
  replaceState(state: unknown, unused: string, url: string): void;
}

/**
 * Removes a callback from the address bar and keeps it out. A router that was created earlier has already read the URL, and
 * some routers write the URL that they read back to the history: Vue Router does at its first navigation, and again before it
 * pushes the next entry (vuejs/router#718).
 *
 * @returns a function that notifies such a router of the new URL. Call it after the callback has been handled
 * @throws {StorageError} if the browser does not let the page change its history
 */
export function cleanAddressBar(location: PageLocation, history: PageHistory, callback: PageCallback): () => void {
  replace(location, history, callback);
  if (history !== globalThis.history) return () => {};
  const secrets = secretsOf(callback);
  const callbackIn = (href: string) => {
    const remaining = pageCallback(new URL(href), () => true);
    return remaining && secretsOf(remaining).some((secret) => secrets.includes(secret)) ? remaining : undefined;
  };
  const onChange = () => {
    const remaining = callbackIn(location.href);
    if (!remaining) return;
    replace(location, history, remaining);
    setTimeout(notifyRouters);
  };
  // if a router has pushed another entry, going back leads to one with the callback
  addEventListener('popstate', onChange);
  if ('navigation' in globalThis) {
    navigation.addEventListener('currententrychange', onChange);
    const leftover = navigation.entries().find(({ url, sameDocument }) => sameDocument && url && callbackIn(url));
    if (leftover) cleanEntry(leftover);
  } else for (const delay of [0, 100, 1_000, 5_000]) setTimeout(onChange, delay);
  return notifyRouters;
}

/**
 * Navigates to an entry, where `onChange` cleans it, and back: only the current entry can be replaced.
 */
async function cleanEntry({ key }: NavigationHistoryEntry): Promise<void> {
  const here = navigation.currentEntry?.key;
  try {
    await navigation.traverseTo(key).committed;
    if (here) await navigation.traverseTo(here).committed;
  } catch {
    // the user has navigated meanwhile: the entry is cleaned when they return to it
  }
}

function secretsOf(callback: PageCallback): string[] {
  return [...statesIn(callback), ...valuesOf('access_token', `${callback.query}&${callback.fragment}`)].filter(Boolean);
}

function replace(location: PageLocation, history: PageHistory, callback: PageCallback): void {
  const url = new URL(location.href);
  const clean = withoutCallback(url, callback);
  const { search, hash } = new URL(clean);
  const changes = [
    [callback.query, search.slice(1)],
    [url.hash.slice(1 + callback.route.length), hash.slice(1 + callback.route.length)],
  ] as const;
  try {
    history.replaceState(withChanges(history.state, changes), '', clean);
  } catch {
    throw new StorageError(
      'the callback cannot be removed from the address bar: the browser does not let the page change its history',
    );
  }
}

/** Returns a copy with these texts replaced: routers store the URL in the state of the entry. */
function withChanges(state: unknown, changes: readonly (readonly [string, string])[]): unknown {
  if (state?.constructor !== Object) return state;
  const change = (value: unknown) =>
    typeof value === 'string'
      ? changes.reduce((text, [from, to]) => (from ? text.replaceAll(from, to) : text), value)
      : value;
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, change(value)]));
}

/** Dispatches the events of a navigation. `oldURL` is the new URL, because the old one contains the callback. */
function notifyRouters(): void {
  const { href } = location;
  const { PopStateEvent, HashChangeEvent } = globalThis; // some test environments do not have them
  if (PopStateEvent) dispatchEvent(new PopStateEvent('popstate', { state: history.state }));
  if (HashChangeEvent) dispatchEvent(new HashChangeEvent('hashchange', { oldURL: href, newURL: href }));
}
