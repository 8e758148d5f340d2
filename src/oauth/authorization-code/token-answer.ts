import { ResponseError } from '../../protocol/errors.js';
import { errorCode } from '../../protocol/grammar.js';
import { decode } from '../../protocol/schemas/decode.js';
import { type Token, tokenAnswer } from '../../protocol/schemas/token.js';
import { contentType, parseJson } from '../../transport/http/answer.js';
import type { HttpAnswer } from '../../transport/http/response.js';
import { bearerToken } from '../bearer-token.js';
import { oauthError } from '../callback.js';

/**
 * Reads the answer of a token endpoint, strictly (RFC 6749 sections 5.1 and 5.2).
 */
export function readTokenAnswer(
  answer: HttpAnswer,
  requested: string[] | undefined,
  now: number,
  secrets: readonly string[],
): Token {
  const { operation, status, headers } = answer;
  const body = isJson(headers) ? parseJson(answer.text) : undefined;
  if (isObject(body) && body.error) {
    const { error, error_description, error_uri, access_token, refresh_token } = body;
    if (typeof error !== 'string' || !errorCode.test(error)) {
      throw new ResponseError('malformed_response', `${operation} answered with an ill-formed error`, status);
    }
    throw oauthError(
      error,
      textOrNothing(error_description),
      textOrNothing(error_uri),
      [...secrets, ...[access_token, refresh_token].filter((value) => typeof value === 'string')],
      status,
    );
  }
  if (status !== 200) {
    throw new ResponseError('unexpected_status', `${operation} answered with ${status} in place of a token`, status);
  }
  if (!isObject(body)) {
    const form = answer.text.trim() === '' ? 'an empty body' : contentType(headers);
    throw new ResponseError(
      'malformed_response',
      `${operation} answered with ${form} in place of a JSON object`,
      status,
    );
  }
  const origin = { operation, status, secrets };
  const granted = decode(tokenAnswer, body, '', origin);
  return bearerToken({ answer: granted, requested, now, giver: operation, status });
}

/** Any JSON media type, or none at all. */
function isJson(headers: Headers): boolean {
  const type = headers.get('content-type');
  return type === null || type.trim() === '' || /^\s*(application|text)\/([\w.+-]+\+)?json\s*(;|$)/i.test(type);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOrNothing(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
