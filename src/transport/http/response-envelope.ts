import {
  ApiError,
  type ApiErrorDetails,
  type Challenge,
  ForbiddenError,
  InsufficientScopeError,
  NotFoundError,
  QuotaExceededError,
  RateLimitError,
  ResponseError,
  UnauthorizedError,
} from '../../protocol/errors.js';
import { quotable, quotableJson } from '../../protocol/quotable.js';
import { errorMessage, parseEnvelope, parseJson } from '../../protocol/schemas/envelope.js';
import { parseChallenge } from './challenge.js';
import { parseRetryAfter } from './http-date.js';
import { serverHint } from './redaction.js';
import type { ReceivedResponse } from './response.js';

export interface EnvelopeContext {
  now: () => number;
  /** Credentials to remove from messages, in case the server echoes them. */
  secrets: readonly string[];
  /** Parses the body. @default `JSON.parse` */
  parse?: ((text: string) => unknown) | undefined;
}

/**
 * Reads the `result` in the envelope of a response.
 * @throws {ApiError} if the response is an error
 * @throws {ResponseError} `malformed_response` if the body is not an envelope
 */
export function readEnvelope(response: ReceivedResponse, context: EnvelopeContext): unknown {
  const body = (context.parse ?? parseJson)(response.text);
  const envelope = parseEnvelope(body);
  if (response.status >= 400 || (envelope && 'error' in envelope)) throw apiError(response, body, context);
  if (!envelope)
    throw new ResponseError('malformed_response', `${response.operation} ${noEnvelope(response)}`, response.status);
  return envelope.result;
}

/** The problem with a response that is probably not from the API. */
function noEnvelope({ operation, status, text, headers }: ReceivedResponse): string {
  const form = text.trim() === '' ? 'an empty body' : contentType(headers);
  const hint = serverHint(operation) || ': check baseUrl';
  return `returned ${status} with ${form} instead of a complete JSON envelope${hint}`;
}

function apiError(response: ReceivedResponse, body: unknown, { now, secrets }: EnvelopeContext): ApiError {
  const envelope = parseEnvelope(body);
  const { message, code } = errorMessage(envelope && 'error' in envelope ? envelope.error : undefined);
  // an error can have status 200: the code in the envelope is then the documented status
  const status = response.status < 400 && code !== undefined && code >= 400 && code < 600 ? code : response.status;
  const clean = (text: string) => quotable(text, secrets);
  const [method, url] = response.operation.split(' ');
  const requestId = response.headers.get('x-request-id');
  const retryAfter = parseRetryAfter(response.headers.get('retry-after'), now());
  const challenge = parseChallenge(response.headers.get('www-authenticate'));
  const details: ApiErrorDetails = {
    status,
    method,
    url,
    body: quotableJson(withoutResult(body), secrets),
    requestId: requestId === null ? undefined : clean(requestId),
    retryAfter,
    challenge: challenge && cleanChallenge(challenge, clean),
  };
  const scopes = status === 403 && details.challenge?.scope ? `; it requires ${details.challenge.scope.join(' ')}` : '';
  const isElsewhere = !envelope && (status === 404 || status === 405);
  const words = `failed with ${status}: ${message !== undefined ? clean(message) : 'no message'}${scopes}`;
  return new (errorClass(status, challenge))(
    `${response.operation} ${isElsewhere ? noEnvelope(response) : words}`,
    details,
  );
}

function cleanChallenge(challenge: Challenge, clean: (text: string) => string): Challenge {
  const entries: [string, string | string[]][] = Object.entries(challenge);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'string' ? clean(value) : value.map(clean)]),
  );
}

/** Removes the `result` next to an error, which can be long. */
function withoutResult(body: unknown): unknown {
  if (typeof body !== 'object' || body === null || !('error' in body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([key]) => key !== 'result'));
}

function errorClass(
  status: number,
  challenge: Challenge | undefined,
): new (
  message: string,
  details: ApiErrorDetails,
) => ApiError {
  if (status === 401) return UnauthorizedError;
  if (status === 403) {
    // a 403 without these is not about scopes: a new sign-in does not help with a file of another user
    return challenge?.error === 'insufficient_scope' || challenge?.scope ? InsufficientScopeError : ForbiddenError;
  }
  if (status === 404) return NotFoundError;
  if (status === 413 || status === 507) return QuotaExceededError;
  return status === 429 ? RateLimitError : ApiError;
}

/** The media type of a response, for messages. Only well-known ones, because a server can send any text. */
export function contentType(headers: Headers): string {
  const known = /^(?:text\/(?:html|plain|xml)|application\/(?:json|xml|octet-stream))(?![\w.+-])/i;
  return known.exec(headers.get('content-type') ?? '')?.[0].toLowerCase() ?? 'an unknown media type';
}
