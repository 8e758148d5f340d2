import type * as errors from '../../protocol/errors.js';
import type { Token } from '../../protocol/schemas/token.js';
import type { Scope } from '../../protocol/scopes.js';

// Loaded on demand: by the page that opens a popup, and by the page of `redirectUri` in the popup. It imports types only: a
// module in common with the first bundle would split that in two, which costs every page 600 bytes.

/** The options of one sign-in in a popup. */
export interface PopupOptions {
  /** The scopes that this sign-in requests, in place of the client's `scope`. */
  scope?: readonly Scope[] | undefined;
  /** More parameters for the authorization URL. The protocol's own are refused. */
  params?: Record<string, string> | undefined;
  /** Ends the sign-in and closes the popup. The promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** The third argument of `window.open()`. @default 'popup,width=500,height=700' */
  features?: string | undefined;
}

/** The client that opens a popup. */
export interface PopupClient {
  redirectUri: string;
  /** Seconds. */
  maxAge: number;
  now: () => number;
  /** The origin of the page. */
  origin: string;
  /** Aborted when another sign-in replaces this one. */
  replaced: AbortSignal;
  /** Checks the options and begins a sign-in. */
  request(options: PopupOptions): { url: URL; state: string };
  /** Checks the callback of the sign-in with this state. */
  accept(href: string, state: string, options: PopupOptions): Token;
  errors: Pick<typeof errors, 'ConfigurationError' | 'PopupError' | 'TimeoutError'>;
}

/**
 * Where the popup meets the page that opened it: `window.opener` and `window.name` are empty after a page with
 * `Cross-Origin-Opener-Policy: same-origin`. Only pages of the same origin can listen, if they know the state.
 */
const channelOf = (state: string): BroadcastChannel => new BroadcastChannel(`doctape-sdk:${state}`);

/**
 * Signs in in a popup that has been opened, and is still blank. The popup is closed at the end, whatever the end is.
 * The state is kept in memory only: the popup would get a copy of `sessionStorage`, and could use it a second time.
 */
export async function signInInPopup(
  popup: Window | null | undefined,
  client: PopupClient,
  options: PopupOptions,
): Promise<Token> {
  try {
    const { ConfigurationError, PopupError } = client.errors;
    const { url, state } = client.request(options);
    const { origin } = new URL(client.redirectUri);
    if (origin !== client.origin) {
      throw new ConfigurationError(
        'invalid_argument',
        `redirectUri must be on the origin of the page that opens the popup, but is on ${origin}`,
      );
    }
    if (!popup) {
      throw new PopupError(
        'popup_blocked',
        'the browser blocked the popup: call signInWithPopup() in a click handler, before any await, or use signIn()',
      );
    }
    if (typeof BroadcastChannel !== 'function') {
      throw new ConfigurationError('unsupported_platform', 'BroadcastChannel is missing: use signIn() in this browser');
    }
    const callback = waitForCallback(popup, state, client, options.signal);
    popup.location.replace(url);
    return client.accept(await callback, state, options);
  } finally {
    popup?.close();
  }
}

/** How often the popup is looked at, in milliseconds. There is no event that tells that it was closed. */
const pause = 100;

/** How often in a row the popup must be closed: what it sent just before can still be on its way. */
const looks = 10;

/**
 * A popup counts as closed by the user only if it has been seen on another page before. One that seems to be closed from
 * the start has come to a page with `Cross-Origin-Opener-Policy: same-origin`, which cuts it off from this page. It is open.
 */
function waitForCallback(
  popup: Window,
  state: string,
  { now, maxAge, replaced, errors: { PopupError, TimeoutError } }: PopupClient,
  signal: AbortSignal | undefined,
): Promise<string> {
  const expires = now() + maxAge * 1000;
  return new Promise((resolve, reject) => {
    const channel = channelOf(state);
    let wasAway = false;
    let closed = 0;

    const end = (settle: () => void) => {
      clearInterval(timer);
      channel.close();
      signal?.removeEventListener('abort', onAbort);
      replaced.removeEventListener('abort', onReplaced);
      settle();
    };
    const fail = (error: Error) => end(() => reject(error));
    const onAbort = () => end(() => reject(signal?.reason));
    const onReplaced = () =>
      fail(new PopupError('popup_closed', 'another call of signInWithPopup() has replaced this sign-in'));
    const timer = setInterval(() => {
      if (now() >= expires) fail(new TimeoutError('timeout', 'the sign-in in the popup took too long: sign in again'));
      else if (!popup.closed) {
        wasAway ||= isAway(popup);
        closed = 0;
      } else if (wasAway && document.hasFocus() && ++closed > looks) {
        fail(new PopupError('popup_closed', 'the popup was closed before the sign-in had finished: sign in again'));
      }
    }, pause);
    channel.onmessage = ({ data }) => {
      if (typeof data !== 'string') return;
      channel.postMessage(null); // the popup closes itself: from here it can be out of reach
      end(() => resolve(data));
    };
    signal?.addEventListener('abort', onAbort);
    replaced.addEventListener('abort', onReplaced);
    if (signal?.aborted) onAbort();
    else if (replaced.aborted) onReplaced();
  });
}

/** Whether the popup has left the blank page that it begins with. The URL of another origin cannot be read. */
function isAway(popup: Window): boolean {
  try {
    return popup.location.href !== 'about:blank';
  } catch {
    return true;
  }
}

/** How long the popup tries to reach the page that opened it: 10 s. A page in the background can be slow to hear. */
const attempts = 50;
const nextAttempt = 200;

/** In the popup: gives the callback to the page that opened it, and closes the popup as soon as that page has it. */
export function handOver(state: string, href: string): void {
  const channel = channelOf(state);
  let sent = 0;
  const send = () => {
    if (sent++ < attempts) channel.postMessage(href);
    else end();
  };
  const timer = setInterval(send, nextAttempt);
  const end = () => {
    clearInterval(timer);
    channel.close();
  };
  channel.onmessage = ({ data }) => {
    if (data !== null) return;
    end();
    close();
  };
  send();
}
