import type { ApiClientOptions } from '../api/client.js';
import type { CallOptions } from '../api/options/call-options.js';
import type { OnProgress } from '../transport/calls/progress.js';

/** Options of {@link ViewClient}. `clientId` and `clientSecret` are required. */
export interface ViewClientOptions
  extends Pick<
    ApiClientOptions,
    'fetch' | 'timeout' | 'idleTimeout' | 'retry' | 'hooks' | 'headers' | 'userAgent' | 'now'
  > {
  /** The id of your application. At doctape it is a UUID. */
  clientId: string;
  /** The secret of your application. It signs the requests, and is never sent. */
  clientSecret: string;
  /** The URL of the View API. @default 'https://my.doctape.com/sandbox' */
  baseUrl?: string | URL | undefined;
  /**
   * Allows a `baseUrl` with `http:` on hosts other than loopback. For development only, for example with containers: anyone on
   * the network can read the documents and the signed URLs. @default false
   */
  allowInsecureHttp?: boolean | undefined;
}

/** Options of a signature. */
export interface SigningOptions {
  /**
   * When the signature expires: a `Date`, or a number of seconds since 1970.
   * @default never: anyone who has the URL can use it until the document is unlinked
   */
  expires?: Date | number | undefined;
}

/** Options of {@link ViewClient.uploadForm}. */
export interface UploadFormOptions extends SigningOptions {
  /** The e-mail address of the person whose account gets the documents. They need no account. */
  email: string;
  /** Whether the response includes an embed URL for each document, which does not expire. @default false */
  lazy?: boolean | undefined;
  /**
   * The URL in your application that receives the result: the user's browser posts it there, with the other fields of the form.
   * Without it, the response to the form is JSON.
   */
  callbackUrl?: string | URL | undefined;
}

/** Options of {@link ViewClient.upload}. */
export interface ViewUploadOptions extends CallOptions, SigningOptions {
  /** When the signature of this upload expires. @default after one day */
  expires?: Date | number | undefined;
  /** Whether the results include an embed URL for each document, which does not expire. @default false */
  lazy?: boolean | undefined;
  /** Called with the progress of all files together, as in `UploadAllOptions`. */
  onProgress?: OnProgress | undefined;
}
