import { copyOfRange, type DownloadOptions } from '../api/files.js';
import { loadLazyChunk } from '../api/load-lazy-chunk.js';
import {
  type CallOptions,
  type CallSettings,
  callRoute,
  checkCall,
  checkTimeout,
  connectionFor,
  policyFrom,
  withCallChecks,
} from '../api/options/call-options.js';
import { checkBoolean, checkRendition } from '../api/options/checks.js';
import { isMediaType } from '../api/options/transfer-checks.js';
import { nothing, objectOf } from '../api/results.js';
import { checkDuration, checkFunction, checkOptionalFunction, checkText, invalid } from '../protocol/checks.js';
import { constantTimeEqual } from '../protocol/constant-time-equal.js';
import { ResponseError } from '../protocol/errors.js';
import { type OptionChecks, readOptions } from '../protocol/options.js';
import { quotable } from '../protocol/quotable.js';
import type { Rendition } from '../protocol/renditions.js';
import { parseJson } from '../protocol/schemas/envelope.js';
import { type FileInfo, fileInfo } from '../protocol/schemas/file.js';
import { type ViewDocument, viewDocuments } from '../protocol/schemas/view-document.js';
import { checkBaseUrl, parseUrl } from '../protocol/urls.js';
import { type Connection, routeUrl } from '../transport/calls/connection.js';
import { checkHeaders, userAgentHeader } from '../transport/calls/headers.js';
import { checkHooks } from '../transport/calls/hooks.js';
import type { OnProgress } from '../transport/calls/progress.js';
import { checkRetry } from '../transport/calls/retry.js';
import type { Fetch } from '../transport/http/response.js';
import { acquireSource, releaseSource } from '../transport/upload/acquire-source.js';
import type { UploadSource } from '../transport/upload/source.js';
import { malformed, readCallback, type ViewCallback } from './callback.js';
import { checkCallbackUrl, checkDocumentId, checkEmail, checkExpires, checkLazy, checkSecret } from './checks.js';
import type { SigningOptions, UploadFormOptions, ViewClientOptions, ViewUploadOptions } from './options.js';
import { definedIn, type SignedParameters, sign } from './signature.js';

// wire document section 5

/** What a form for uploads needs, besides its file inputs. */
export interface UploadForm {
  /** The URL that the form posts to, as `multipart/form-data`. */
  action: URL;
  /** The hidden fields. They must precede the file inputs. */
  fields: Record<string, string>;
}

/** The result of an upload for one file. */
export interface UploadedDocument {
  /** The name of the form field of the file. */
  field: string;
  /** The id of the document. Empty if this file failed. */
  id: string;
  /** The size in bytes. */
  size: number;
  /** The URL of the viewer for an `<iframe>`, after a lazy upload. It is signed and does not expire. */
  embedUrl?: URL;
  /** Why this file failed. The other files of the upload may have been stored. */
  error?: string;
}

const clientChecks = {
  clientId: checkText,
  clientSecret: checkSecret,
  baseUrl: (_, baseUrl) => baseUrl,
  allowInsecureHttp: checkBoolean,
  fetch: checkOptionalFunction<Fetch>,
  timeout: checkTimeout,
  idleTimeout: (name, value = 30_000) => value !== false && checkDuration(name, value),
  retry: checkRetry,
  hooks: checkHooks,
  headers: checkHeaders,
  userAgent: userAgentHeader,
  now: (name, now = () => Date.now()) => checkFunction(name, now),
} satisfies OptionChecks<ViewClientOptions>;

const signingChecks = { expires: checkExpires } satisfies OptionChecks<SigningOptions>;

const formChecks = {
  email: checkEmail,
  expires: checkExpires,
  lazy: checkLazy,
  callbackUrl: checkCallbackUrl,
} satisfies OptionChecks<UploadFormOptions>;

const uploadChecks = /* @__PURE__ */ withCallChecks({
  expires: checkExpires,
  lazy: checkLazy,
  onProgress: checkOptionalFunction<OnProgress>,
}) satisfies OptionChecks<ViewUploadOptions>;

const downloadChecks = /* @__PURE__ */ withCallChecks({
  range: copyOfRange,
  onProgress: checkOptionalFunction<OnProgress>,
}) satisfies OptionChecks<DownloadOptions>;

// wire document section 1.1. It is not with the other endpoints, because pages load those
const viewEndpoint = 'https://my.doctape.com/sandbox';

/** For how long the requests of the SDK itself are signed, in seconds. */
const oneDay = 86_400;

/**
 * The client of the View API, which stores documents for people without signing them in, and shows them in a viewer for an
 * `<iframe>`. It runs on a server, because it signs with the client secret.
 *
 * Every method that sends a request can reject with the errors of `ApiClient`, besides those that its own comment lists.
 * `UnauthorizedError` means that the server does not accept the signature.
 *
 * @example
 * const view = new ViewClient({ clientId, clientSecret });
 * const [photo] = await view.upload('alice@example.org', [file]);
 *
 * @throws {ConfigurationError} in the constructor, if an option is invalid; `browser_secret` in a browser page
 */
export class ViewClient {
  readonly #connection: Connection;
  readonly #clientId: string;
  readonly #clientSecret: string;

  constructor(options: ViewClientOptions) {
    const checked = readOptions('options of ViewClient', options, clientChecks);
    const { clientId, clientSecret, baseUrl = viewEndpoint, allowInsecureHttp = false, ...settings } = checked;
    const { timeout = 30_000, retry, hooks = {}, headers, userAgent } = settings;
    this.#clientId = clientId;
    this.#clientSecret = clientSecret;
    this.#connection = {
      ...settings,
      accessToken: () => undefined,
      accessTokenNow: () => undefined,
      baseUrl: checkBaseUrl('baseUrl', baseUrl, { allowInsecureHttp }),
      allowInsecureHttp,
      timeout,
      retry: policyFrom({ limit: 2, maxDelay: 60_000 }, retry),
      hooks,
      headers: { ...userAgent, ...headers },
    };
  }

  /**
   * Creates the `action` and the hidden fields of a form with which a user uploads files from a browser. It sends no request. The
   * form can be an HTML form, or `FormData` that a script of the page sends.
   *
   * @example
   * const { action, fields } = view.uploadForm({ email: 'alice@example.org', callbackUrl: 'https://app.example/uploaded' });
   * const inputs = Object.entries(fields).map(([name, value]) => ({ type: 'hidden', name, value }));
   *
   * @throws {ConfigurationError} if an option is invalid
   */
  uploadForm(options: UploadFormOptions): UploadForm {
    const { email, callbackUrl, ...signed } = readOptions('options', options, formChecks);
    return {
      action: routeUrl(this.#connection, ['upload']),
      fields: {
        ...this.#uploadFields(email, signed),
        ...(callbackUrl !== undefined && { dt_callback_url: callbackUrl }),
      },
    };
  }

  /**
   * Uploads files to the account of an e-mail address. The person does not need an account. The files are streamed, as in
   * `files.uploadAll()`, and have the names of their `File` or `Response`.
   *
   * @example
   * const files = [new File(['Dear Alice'], 'letter.txt', { type: 'text/plain' })];
   * for (const { id, error } of await view.upload('alice@example.org', files)) console.log(error ?? view.embedUrl(id).href);
   *
   * @param sources an array or another iterable of sources
   * @returns the result of each source, in order. A file that failed has an `error`
   * @throws {ConfigurationError} if an argument is invalid or a source cannot be read. Nothing was sent
   * @throws {UnauthorizedError} if the server does not know the application, or has another secret
   * @throws {TransferError} if a source fails, or ends too early
   */
  async upload(
    email: string,
    sources: Iterable<UploadSource>,
    options: ViewUploadOptions = {},
  ): Promise<UploadedDocument[]> {
    // before the first await: a stream may fail, and the caller may reuse the bytes
    const acquired = sourcesIn(sources).map(acquireSource);
    try {
      const { expires, lazy, onProgress, ...settings } = readOptions('options', options, uploadChecks);
      const fields = this.#uploadFields(checkEmail('email', email), { expires: expires ?? this.#inOneDay(), lazy });
      const own = this.#connectionWith(settings, fields.dt_multiauth);
      const { signal, timeout } = settings;
      const route = { name: 'view.upload', segments: ['upload'], signal };
      const { upload } = await loadLazyChunk(own, { ...route, method: 'POST' });
      return await upload(own, {
        ...route,
        fields,
        sources: acquired,
        describe: ({ name, type }) => ({
          name: name || 'untitled',
          type: isMediaType(type) ? type : 'application/octet-stream',
        }),
        onProgress,
        timeout,
        parse: enveloped,
        read: (result, decode, { operation, status }) => {
          const documents = decode(viewDocuments, result, '');
          if (documents.length !== acquired.length) {
            const counts = `${documents.length} documents instead of ${acquired.length}`;
            throw new ResponseError(
              'malformed_response',
              `the response to ${operation} is malformed: it has ${counts}`,
              status,
            );
          }
          return documents.map((document) => this.#uploaded(document, embedOf(document, operation, status)));
        },
      });
    } catch (error) {
      for (const source of acquired) releaseSource(source);
      throw error;
    }
  }

  /**
   * Reads the form that the user's browser posts to `callbackUrl` after an upload. It sends no request.
   *
   * The form is not signed, and a user can change it: an `id` can be that of any document. Check that it is one of this user's
   * documents before you show it to anybody. An `embedUrl` is verified: its signature is of your application.
   *
   * @example
   * const documents = view.parseCallback(await request.formData());
   * for (const { field, id, error } of documents) console.log(field, error ?? id);
   *
   * @param form `FormData`, `URLSearchParams`, the body as text, or a parsed body such as `request.body` of Express
   * @throws {CallbackError} `malformed_callback` if the form is not the callback of an upload
   * @throws {ConfigurationError} if the argument is not a form
   */
  parseCallback(form: ViewCallback): UploadedDocument[] {
    return readCallback(form).map((document) => this.#uploaded(document, this.#verifiedEmbed(document)));
  }

  /**
   * Builds the URL of the viewer for an `<iframe>`. It sends no request. Everyone who has the URL can see the document until it
   * expires.
   *
   * @example
   * const inAnHour = new Date(Date.now() + 3_600_000);
   * const src = view.embedUrl(id, { expires: inAnHour }).href;
   *
   * @throws {ConfigurationError} if the id or an option is invalid
   */
  embedUrl(id: string, options: SigningOptions = {}): URL {
    const { expires } = readOptions('options', options, signingChecks);
    return this.#documentUrl(['widget', checkDocumentId(id)], this.#signedFor(id, { expires }));
  }

  /**
   * Builds a download URL of a document or a rendition of it. It sends no request. Everyone who has the URL can download the
   * document until it expires.
   *
   * @example
   * const thumbnail = view.url(id, 'thumb_320.jpg', { expires: new Date(Date.now() + 3_600_000) });
   *
   * @throws {ConfigurationError} if an argument or an option is invalid
   */
  url(id: string, rendition: Rendition = 'original', options: SigningOptions = {}): URL {
    const { expires } = readOptions('options', options, signingChecks);
    return this.#documentUrl(['doc', checkDocumentId(id), checkRendition(rendition)], this.#signedFor(id, { expires }));
  }

  /**
   * Gets the metadata of a document.
   *
   * @example
   * const { name, processing_status } = await view.get(id);
   *
   * @throws {NotFoundError} if the document does not exist, or your application has no access to it
   * @throws {UnauthorizedError} if the server does not accept the signature
   */
  async get(id: string, options: CallOptions = {}): Promise<FileInfo> {
    const settings = checkCall(options);
    const searchParams = this.#signedFor(checkDocumentId(id), { expires: this.#inOneDay() });
    const route = { name: 'view.get', method: 'GET', segments: ['doc', id], searchParams } as const;
    return callRoute(
      this.#connectionWith(settings, searchParams.multiauth),
      { ...route, ...objectOf(fileInfo) },
      settings,
    );
  }

  /**
   * Downloads a document or a rendition of it. The body of the response is a stream. If the connection breaks, the download
   * resumes.
   *
   * @example
   * const response = await view.download(id, 'document.pdf');
   * const pdf = await response.bytes();
   *
   * @throws {NotFoundError} if the document does not exist, has no such rendition, or your application has no access to it
   * @throws {UnauthorizedError} if the server does not accept the signature
   * @throws {TransferError} while the body is read, as with `files.download()`
   */
  async download(id: string, rendition: Rendition = 'original', options: DownloadOptions = {}): Promise<Response> {
    const { range, onProgress, ...settings } = readOptions('options', options, downloadChecks);
    const searchParams = this.#signedFor(checkDocumentId(id), { expires: this.#inOneDay() });
    const own = this.#connectionWith(settings, searchParams.multiauth);
    const { signal, timeout } = settings;
    const segments = ['doc', id, checkRendition(rendition)];
    const wanted = { name: 'view.download', segments, searchParams, range, onProgress, signal, timeout };
    const { download } = await loadLazyChunk(own, { ...wanted, method: 'GET' });
    return download(own, wanted);
  }

  /**
   * Ends the access of your application to a document. The document stays in the account of the person. URLs that were signed
   * before no longer work.
   *
   * @example
   * await view.unlink(id);
   *
   * @throws {NotFoundError} if the document does not exist, or your application has no access to it
   * @throws {UnauthorizedError} if the server does not accept the signature
   */
  async unlink(id: string, options: CallOptions = {}): Promise<void> {
    const settings = checkCall(options);
    const searchParams = this.#signedFor(checkDocumentId(id), { expires: this.#inOneDay(), scope: 'file.unlink' });
    const route = { name: 'view.unlink', method: 'POST', segments: ['unlink', id], searchParams } as const;
    await callRoute(this.#connectionWith(settings, searchParams.multiauth), { ...route, ...nothing }, settings);
  }

  #inOneDay(): string {
    return String(Math.floor(this.#connection.now() / 1000) + oneDay);
  }

  #sign(parameters: SignedParameters): string {
    return sign({ app: this.#clientId, ...parameters }, this.#clientSecret);
  }

  /** The fields of an upload. Their names have a prefix, which is not signed. */
  #uploadFields(
    target: string,
    optional: { expires: string | undefined; lazy: string | undefined },
  ): Record<string, string> & { dt_multiauth: string } {
    const signed = definedIn({ app: this.#clientId, target, ...optional });
    const fields = Object.fromEntries(signed.map(([name, value]) => [`dt_${name}`, value]));
    return { ...fields, dt_multiauth: this.#sign({ target, ...optional }) };
  }

  /** The query of a request for one document. Its target is in the path. */
  #signedFor(target: string, optional: { expires: string | undefined; scope?: string }) {
    return { app: this.#clientId, ...optional, multiauth: this.#sign({ target, ...optional }) };
  }

  #documentUrl(segments: readonly string[], searchParams: SignedParameters): URL {
    return routeUrl(this.#connection, segments, searchParams);
  }

  /** The settings of one call. Its signature is removed from messages, like the secret. */
  #connectionWith(settings: CallSettings, signature: string): Connection {
    return { ...connectionFor(this.#connection, settings), secrets: [this.#clientSecret, signature] };
  }

  #uploaded({ field, id, size, error }: ViewDocument, embedUrl: URL | undefined): UploadedDocument {
    return {
      field,
      id,
      size,
      ...(embedUrl && { embedUrl }),
      ...(error !== undefined && { error: quotable(error, [this.#clientSecret]) }),
    };
  }

  /** The embed URL of a callback, if it was signed with the secret for this document. */
  #verifiedEmbed({ id, embed }: ViewDocument): URL | undefined {
    if (embed === undefined) return undefined;
    const { searchParams } = parseUrl(embed) ?? { searchParams: new URLSearchParams() };
    const expires = searchParams.get('expires') ?? undefined;
    const expected = this.#signedFor(id.toWellFormed(), { expires });
    if (id === '' || !constantTimeEqual((searchParams.get('multiauth') ?? '').toLowerCase(), expected.multiauth)) {
      throw malformed('has an embed URL that was not signed with the secret of this application');
    }
    return this.#documentUrl(['widget', id], expected); // on the own server, whatever the form says
  }
}

function sourcesIn(sources: Iterable<UploadSource>): UploadSource[] {
  const isList = typeof sources === 'object' && sources !== null && Symbol.iterator in sources;
  const several = isList && !ArrayBuffer.isView(sources) ? [...sources] : [];
  if (several.length > 0) return several;
  acquireSource(sources); // a Node.js stream that fails later must not end the process
  throw invalid('sources', 'must be an array or FileList with at least one source');
}

// wire document section 7, choice 46
/** The response is an array, or an envelope around it. */
function enveloped(text: string): unknown {
  const body = parseJson(text);
  return Array.isArray(body) ? { result: body } : body;
}

function embedOf({ embed }: ViewDocument, operation: string, status: number): URL | undefined {
  const url = embed === undefined ? undefined : parseUrl(embed);
  if (embed === undefined || /^https?:$/.test(url?.protocol ?? '')) return url;
  throw new ResponseError(
    'malformed_response',
    `${operation} returned a malformed response: embed is not a URL with http or https`,
    status,
  );
}
