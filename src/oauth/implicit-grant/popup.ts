import type * as errors from '../../protocol/errors.js';
import type { Token } from '../../protocol/schemas/token.js';
import type { Scope } from '../../protocol/scopes.js';

// Loaded on demand by the page that opens a popup, and by the page of `redirectUri` in the popup. It imports only types: a
// module shared with the first bundle would split that in two, which costs every page 600 bytes.

/** The options of one sign-in in a popup. */
export interface PopupOptions {
  /** The scopes that this sign-in requests, instead of the client's `scope`. */
  scope?: readonly Scope[] | undefined;
  /** Additional parameters for the authorization URL. Parameters that the client sets itself are refused. */
  params?: Record<string, string> | undefined;
  /** Cancels the sign-in and closes the popup. The promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** The window features that are passed to `window.open()`. @default 'popup,width=500,height=700' */
  features?: string | undefined;
}

/** The client that opened the popup. */
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
 * Connects the popup and the page that opened it. `window.opener` and `window.name` are empty after a page with
 * `Cross-Origin-Opener-Policy: same-origin`. Only pages of the same origin that know the state can listen.
 *
 * It does not connect a popup and a page in a frame of another site (authts/oidc-client-ts#1743), for which `window.opener` is used.
 */
const channelOf = (state: string): BroadcastChannel => new BroadcastChannel(messageType(state));

/** The `type` of a message to `window.opener`. Other scripts of that page also receive it. */
const messageType = (state: string) => `doctape-sdk:${state}`;

/**
 * Signs in in a popup that is open and still blank, and closes the popup in every case. The state is kept in memory only:
 * the popup gets a copy of `sessionStorage`, and could use a state in it a second time.
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

/** The interval between two checks of the popup, in milliseconds. A page receives no event when its popup is closed. */
const pollInterval = 100;

/** How many checks in a row must find the popup closed: a message that it sent before may still arrive. */
const closedChecks = 10;

/** How often in a row a popup must be seen on another page. For a moment, a page with COOP looks like one without. */
const awayChecks = 3;

/**
 * A popup counts as closed by the user only after it has left its blank page. A popup that seems closed before that is open: it
 * has loaded a page with `Cross-Origin-Opener-Policy: same-origin`, which disconnects it from this page.
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
    let away = 0;
    let closed = 0;

    const end = (settle: () => void) => {
      clearInterval(timer);
      channel.close();
      globalThis.removeEventListener?.('message', onMessage);
      signal?.removeEventListener('abort', onAbort);
      replaced.removeEventListener('abort', onReplaced);
      settle();
    };
    const fail = (error: Error) => end(() => reject(error));
    const onAbort = () => end(() => reject(signal?.reason));
    const onReplaced = () =>
      fail(new PopupError('popup_closed', 'a later call of signInWithPopup() replaced this sign-in'));
    const timer = setInterval(() => {
      if (now() >= expires) fail(new TimeoutError('timeout', 'the sign-in in the popup took too long: sign in again'));
      else if (!popup.closed) {
        if (away < awayChecks) away = isAway(popup) ? away + 1 : 0;
        closed = 0;
      } else if (away >= awayChecks && document.hasFocus() && ++closed > closedChecks) {
        fail(new PopupError('popup_closed', 'the popup was closed before the sign-in finished: sign in again'));
      }
    }, pollInterval);
    channel.onmessage = ({ data }) => {
      if (typeof data !== 'string') return;
      channel.postMessage(null); // the popup closes itself, because this page may be disconnected from it
      end(() => resolve(data));
    };
    const onMessage = ({ origin, data }: MessageEvent) => {
      if (origin === location.origin && data?.type === messageType(state)) end(() => resolve(String(data.href)));
    };
    globalThis.addEventListener?.('message', onMessage);
    signal?.addEventListener('abort', onAbort);
    replaced.addEventListener('abort', onReplaced);
    if (signal?.aborted) onAbort();
    else if (replaced.aborted) onReplaced();
  });
}

/** Whether the popup has left its initial blank page. Reading the URL of another origin throws. */
function isAway(popup: Window): boolean {
  try {
    return popup.location.href !== 'about:blank';
  } catch {
    return true;
  }
}

/** The popup sends the callback for 10 s, because browsers slow down pages in the background. */
const attempts = 50;
const nextAttempt = 200;

/** Runs in the popup. Sends the callback to the page that opened it, and closes the popup when that page has received it. */
export function sendToOpener(state: string, href: string): void {
  const channel = channelOf(state);
  let sent = 0;
  const send = () => {
    if (sent++ >= attempts) return end();
    channel.postMessage(href);
    window.opener?.postMessage({ type: messageType(state), href }, location.origin); // to no other origin
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
