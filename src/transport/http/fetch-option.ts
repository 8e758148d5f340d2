/**
 * A `fetch`: that of the platform, of npm's undici, node-fetch or cross-fetch, a wrapper around one of them, or a server in the
 * same process. It is called as a plain function, with a URL as a string and an object.
 *
 * To report a network failure, reject as the platform does: with a `TypeError` whose message says so (`fetch failed`,
 * `Failed to fetch`), or with any error that has a system `code` such as `ECONNREFUSED`. Anything else that it throws ends the
 * call in a {@link ConfigurationError}, and is not retried.
 *
 * @example
 * const traced: Fetch = (url, init) => fetch(url, { ...init, headers: { ...init.headers, 'x-trace': '1' } });
 * const api = new ApiClient({ token, fetch: traced });
 */
export type Fetch = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** What a {@link Fetch} is called with besides the URL: the options of the platform's `fetch`, spelled out. */
export interface FetchInit {
  /** In capitals. */
  method: string;
  /** Names are in lower case. The body's `content-type` is always among them, unless the body is a `FormData`. */
  headers: Record<string, string>;
  /**
   * A string for JSON and forms. For an upload a `ReadableStream`, in browsers a `FormData`.
   */
  // biome-ignore lint/suspicious/noExplicitAny: the libraries have a type each for a body, and only `any` fits all of them
  body?: any;
  /** What to do with redirects. `manual`, unless the platform needs something else. */
  redirect: 'follow' | 'error' | 'manual';
  /** Aborts the request. */
  signal: AbortSignal;
  /** No cookies, where the platform has them. */
  credentials?: 'omit';
  /** No cache, where the platform has one. */
  cache?: 'no-store';
  /** What platforms demand beside a stream as body. */
  duplex?: 'half';
}

/** What a {@link Fetch} gives: a `Response` of any library. */
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
  /** A `ReadableStream`, a stream of Node, or null. Where there is none, the bytes are read by `arrayBuffer()`. */
  readonly body?: unknown;
  /** The body as text. */
  text(): Promise<string>;
  /** The body as bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
}
