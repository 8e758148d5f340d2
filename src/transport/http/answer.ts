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
import { errorMessage, openEnvelope } from '../../protocol/schemas/envelope.js';
import { parseChallenge } from './challenge.js';
import { parseRetryAfter } from './http-date.js';
import { serverHint } from './redaction.js';
import type { HttpAnswer } from './response.js';

export interface AnswerContext {
  now: () => number;
  /** What must not reach a message, should the server echo it. */
  secrets: readonly string[];
  /** Parses the text. @default `JSON.parse` */
  parse?: ((text: string) => unknown) | undefined;
}

/**
 * What stood in the envelope of an answer.
 * @throws {ApiError} when the server refused or failed
 * @throws {ResponseError} `malformed_response` when the answer is no envelope
 */
export function openAnswer(answer: HttpAnswer, context: AnswerContext): unknown {
  const body = (context.parse ?? parseJson)(answer.text);
  const envelope = openEnvelope(body);
  if (answer.status >= 400 || (envelope && 'error' in envelope)) throw apiError(answer, body, context);
  if (!envelope)
    throw new ResponseError('malformed_response', `${answer.operation} ${noEnvelope(answer)}`, answer.status);
  return envelope.result;
}

/** What is said of a response of some other server, or of another part of this one. */
function noEnvelope({ operation, status, text, headers }: HttpAnswer): string {
  const form = text.trim() === '' ? 'an empty body' : contentType(headers);
  const hint = serverHint(operation) || ': is baseUrl right?';
  return `was answered with ${status} and ${form}, not with a JSON envelope${hint}`;
}

function apiError(answer: HttpAnswer, body: unknown, { now, secrets }: AnswerContext): ApiError {
  const envelope = openEnvelope(body);
  const { message, code } = errorMessage(envelope && 'error' in envelope ? envelope.error : undefined);
  // a failure may come with a 200; the documented code is then the status it should have had
  const status = answer.status < 400 && code !== undefined && code >= 400 && code < 600 ? code : answer.status;
  const clean = (text: string) => quotable(text, secrets);
  const [method, url] = answer.operation.split(' ');
  const requestId = answer.headers.get('x-request-id');
  const retryAfter = parseRetryAfter(answer.headers.get('retry-after'), now());
  const challenge = parseChallenge(answer.headers.get('www-authenticate'));
  const details: ApiErrorDetails = {
    status,
    method,
    url,
    body: quotableJson(withoutResult(body), secrets),
    ...(requestId !== null && { requestId: clean(requestId) }),
    ...(retryAfter !== undefined && { retryAfter }),
    ...(challenge && {
      challenge: {
        ...challenge,
        ...(challenge.realm !== undefined && { realm: clean(challenge.realm) }),
        ...(challenge.error !== undefined && { error: clean(challenge.error) }),
        ...(challenge.error_description !== undefined && { error_description: clean(challenge.error_description) }),
        ...(challenge.scope && { scope: challenge.scope.map(clean) }),
      },
    }),
  };
  const scopes = status === 403 && details.challenge?.scope ? `; it needs ${details.challenge.scope.join(' ')}` : '';
  const isElsewhere = !envelope && (status === 404 || status === 405);
  const words = `failed with ${status}: ${message !== undefined ? clean(message) : 'without a message'}${scopes}`;
  return new (errorClass(status, challenge))(
    `${answer.operation} ${isElsewhere ? noEnvelope(answer) : words}`,
    details,
  );
}

/** What came with an error is of no use, and may be a long list. */
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
    // only a server that says so lacks a scope: a new sign-in does not give access to somebody else's file
    return challenge?.error === 'insufficient_scope' || challenge?.scope ? InsufficientScopeError : ForbiddenError;
  }
  if (status === 404) return NotFoundError;
  if (status === 413 || status === 507) return QuotaExceededError;
  return status === 429 ? RateLimitError : ApiError;
}

/** Undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the error quotes the body
  }
}

/** The media type of an answer, for messages: only of well-known ones, because a server may write anything there. */
export function contentType(headers: Headers): string {
  const known = /^(?:text\/(?:html|plain|xml)|application\/(?:json|xml|octet-stream))(?![\w.+-])/i;
  return known.exec(headers.get('content-type') ?? '')?.[0].toLowerCase() ?? 'a body of another type';
}
