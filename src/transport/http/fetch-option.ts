/**
 * A `fetch` function: the global one, that of undici, node-fetch or cross-fetch, a wrapper around one of them, or a server in the
 * same process. It is called as a plain function, with the URL as a string and an object.
 *
 * To report a network failure, reject like the global `fetch`: with a `TypeError` and a message such as `fetch failed`, or with any
 * error that has a system `code` such as `ECONNREFUSED`. After any other error the call rejects with a {@link ConfigurationError}
 * and is not retried.
 *
 * @example
 * const traced: Fetch = (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'x-trace': '1' } });
 * const api = new ApiClient({ token, fetch: traced });
 */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** The second argument of a {@link Fetch}: the options of the global `fetch` that the SDK uses. */
export interface FetchInit {
  /** In upper case. */
  method: string;
  /** The headers, with names in lower case. `content-type` is set if there is a body, unless the body is a `FormData`. */
  headers: Record<string, string>;
  /**
   * The request body: a string for JSON and forms, a `ReadableStream` for uploads, and a `FormData` for uploads in browsers.
   */
  // biome-ignore lint/suspicious/noExplicitAny: each library has its own type for a body, and only `any` fits all of them
  body?: any;
  /** How to handle redirects: `manual`, unless the platform requires another mode. */
  redirect: 'follow' | 'error' | 'manual';
  /** Aborts the request. */
  signal: AbortSignal;
  /** Sends no cookies. Not set on platforms without cookies. */
  credentials?: 'omit';
  /** Bypasses the HTTP cache. Not set on platforms without one. */
  cache?: 'no-store';
  /** Required by platforms if the body is a stream. */
  duplex?: 'half';
}

/** The result of a {@link Fetch}: a `Response` of any library. */
export interface FetchResponse {
  /** Whether the status is 200 to 299. */
  readonly ok: boolean;
  /** The HTTP status. */
  readonly status: number;
  /** The reason phrase. */
  readonly statusText: string;
  /** The headers. */
  readonly headers: {
    /** The value of a header, or null. */
    get(name: string): string | null;
  };
  /** A `ReadableStream`, a Node.js stream, or null. If it is missing, the SDK calls `arrayBuffer()`. */
  readonly body?: unknown;
  /** The body as text. */
  text(): Promise<string>;
  /** The body as bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
}
