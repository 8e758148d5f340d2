import { StorageError } from '../../protocol/errors.js';
import { type PageCallback, pageCallback, statesIn, valuesOf, withoutAnswer } from './page-callback.js';

/** The part of `window.location` that is used. */
export interface PageLocation {
  /** The URL of the page. */
  readonly href: string;
  assign(url: string): void;
}

/** The part of `window.history` that is used. */
export interface PageHistory {
  /** The state of the current entry. It is kept, without the answer. */
  readonly state: unknown;
  replaceState(state: unknown, unused: string, url: string): void;
}

/**
 * Removes an answer from the address bar and keeps it out. A router that was created before has read the URL already, and
 * some write what they have read back to the history: Vue Router at its first navigation, and again before it pushes the
 * next entry (vuejs/router#718).
 *
 * @returns a function that tells such a router where the page is now. Call it when the answer has been handled
 * @throws {StorageError} if the page may not change its history
 */
export function cleanAddressBar(location: PageLocation, history: PageHistory, callback: PageCallback): () => void {
  replace(location, history, callback);
  if (history !== globalThis.history) return () => {};
  const secrets = secretsOf(callback);
  const onChange = () => {
    const again = pageCallback(new URL(location.href), () => true);
    if (!again || !secretsOf(again).some((secret) => secrets.includes(secret))) return;
    replace(location, history, again);
    setTimeout(tellRouters);
  };
  // going back leads to an entry of the answer itself, if a router has pushed another one
  addEventListener('popstate', onChange);
  if ('navigation' in globalThis) navigation.addEventListener('currententrychange', onChange);
  else for (const delay of [0, 100, 1_000, 5_000]) setTimeout(onChange, delay);
  return tellRouters;
}

function secretsOf(callback: PageCallback): string[] {
  return [...statesIn(callback), ...valuesOf('access_token', `${callback.query}&${callback.fragment}`)].filter(Boolean);
}

function replace(location: PageLocation, history: PageHistory, callback: PageCallback): void {
  const url = new URL(location.href);
  const clean = withoutAnswer(url, callback);
  const { search, hash } = new URL(clean);
  const changes = [
    [callback.query, search.slice(1)],
    [url.hash.slice(1 + callback.route.length), hash.slice(1 + callback.route.length)],
  ] as const;
  try {
    history.replaceState(withChanges(history.state, changes), '', clean);
  } catch {
    throw new StorageError('the callback cannot be removed from the address bar: the page may not change its history');
  }
}

/** A copy with these texts replaced: routers keep the URL in the state of the entry. */
function withChanges(state: unknown, changes: readonly (readonly [string, string])[]): unknown {
  if (state?.constructor !== Object) return state;
  const change = (value: unknown) =>
    typeof value === 'string'
      ? changes.reduce((text, [from, to]) => (from ? text.replaceAll(from, to) : text), value)
      : value;
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [name, change(value)]));
}

/** What a browser does when its user goes to another entry. The old URL is not told: it has the answer. */
function tellRouters(): void {
  const { href } = location;
  dispatchEvent(new PopStateEvent('popstate', { state: history.state }));
  dispatchEvent(new HashChangeEvent('hashchange', { oldURL: href, newURL: href }));
}
