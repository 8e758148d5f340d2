import { ResponseError } from '../../protocol/errors.js';
import { errorCode } from '../../protocol/grammar.js';
import { decode } from '../../protocol/schemas/decode.js';
import { errorMessage } from '../../protocol/schemas/envelope.js';
import { type Token, tokenAnswer } from '../../protocol/schemas/token.js';
import { contentType, parseJson } from '../../transport/http/answer.js';
import type { HttpAnswer } from '../../transport/http/response.js';
import { bearerToken } from '../bearer-token.js';
import { oauthError } from '../callback.js';

/**
 * Reads the response of a token endpoint, strictly (RFC 6749 sections 5.1 and 5.2). Only errors are read whatever their
 * content type says: servers and the proxies in front of them label them wrongly.
 */
export function readTokenAnswer(
  answer: HttpAnswer,
  requested: string[] | undefined,
  now: number,
  secrets: readonly string[],
): Token {
  const { operation, status, headers } = answer;
  const failed = status >= 400;
  const body = failed || isJson(headers) ? parseJson(answer.text) : undefined;
  if (isObject(body) && body.error) {
    const { error, error_description, error_uri, access_token, refresh_token } = body;
    const [code, description] = isObject(error) && failed ? readEnvelope(error, status) : [error, error_description];
    if (typeof code !== 'string' || !errorCode.test(code)) {
      throw new ResponseError('malformed_response', `${operation} answered with an ill-formed error`, status);
    }
    throw oauthError(
      code,
      textOrNothing(description),
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
  return bearerToken({ response: granted, requested, now, source: operation, status });
}

/**
 * The error of doctape's own envelope, which every other endpoint answers with (wire document section 3.0): a code that is a
 * number, and a message, which may be an error code of OAuth.
 */
function readEnvelope(error: Record<string, unknown>, status: number): [code: string, description: string | undefined] {
  const { message, code = status } = errorMessage(error);
  return [message !== undefined && /^[a-z]+(_[a-z]+)+$/.test(message) ? message : `http_${code}`, message];
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
