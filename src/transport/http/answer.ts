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
import { quotable } from '../../protocol/quotable.js';
import { errorMessage, openEnvelope } from '../../protocol/schemas/envelope.js';
import { parseChallenge } from './challenge.js';
import type { HttpAnswer } from './response.js';
import { parseRetryAfter } from './retry-after.js';

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
  const envelope = openEnvelope((context.parse ?? parseJson)(answer.text));
  if (answer.status >= 400 || (envelope && 'error' in envelope)) {
    throw apiError(answer, envelope && 'error' in envelope ? envelope.error : undefined, context);
  }
  if (!envelope) {
    const form = answer.text.trim() === '' ? 'an empty body' : contentType(answer.headers);
    const message = `${answer.operation} answered with ${form} in place of a JSON envelope`;
    throw new ResponseError('malformed_response', message, answer.status);
  }
  return envelope.result;
}

function apiError(answer: HttpAnswer, error: unknown, { now, secrets }: AnswerContext): ApiError {
  const { message, code } = errorMessage(error);
  // a failure may come with a 200; the documented code is then the status it should have had
  const status = answer.status < 400 && code !== undefined && code >= 400 && code < 600 ? code : answer.status;
  const clean = (text: string) => quotable(text, secrets);
  const requestId = answer.headers.get('x-request-id');
  const retryAfter = parseRetryAfter(answer.headers.get('retry-after'), now());
  const challenge = parseChallenge(answer.headers.get('www-authenticate'));
  const details: ApiErrorDetails = {
    status,
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
  const words = message !== undefined ? clean(message) : 'without a message';
  const scopes = status === 403 && details.challenge?.scope ? `; it needs ${details.challenge.scope.join(' ')}` : '';
  return new (errorClass(status, challenge))(`${answer.operation} failed with ${status}: ${words}${scopes}`, details);
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

/** Undefined when the text is no JSON. */
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
