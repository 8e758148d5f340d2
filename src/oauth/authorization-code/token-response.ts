import { ResponseError } from '../../protocol/errors.js';
import { errorCode } from '../../protocol/grammar.js';
import { decode } from '../../protocol/schemas/decode.js';
import { errorMessage, parseJson } from '../../protocol/schemas/envelope.js';
import { type Token, tokenResponse } from '../../protocol/schemas/token.js';
import type { ReceivedResponse } from '../../transport/http/response.js';
import { contentType } from '../../transport/http/response-envelope.js';
import { bearerToken } from '../bearer-token.js';
import { oauthError } from '../callback.js';

/**
 * Parses the response of a token endpoint (RFC 6749 sections 5.1 and 5.2). The `Content-Type` is ignored for errors only, because
 * servers and proxies often send errors with a wrong one.
 */
export function readTokenResponse(
  response: ReceivedResponse,
  requested: string[] | undefined,
  now: number,
  secrets: readonly string[],
): Token {
  const { operation, status, headers } = response;
  const failed = status >= 400;
  const body = failed || isJson(headers) ? parseJson(response.text) : undefined;
  if (isObject(body) && body.error) {
    const { error, error_description, error_uri, access_token, refresh_token } = body;
    const [code, description] = isObject(error) && failed ? readEnvelope(error, status) : [error, error_description];
    if (typeof code !== 'string' || !errorCode.test(code)) {
      throw new ResponseError('malformed_response', `${operation} returned a malformed error`, status);
    }
    throw oauthError(
      code,
      stringOrUndefined(description),
      stringOrUndefined(error_uri),
      [...secrets, ...[access_token, refresh_token].filter((value) => typeof value === 'string')],
      status,
    );
  }
  if (status !== 200) {
    throw new ResponseError('unexpected_status', `${operation} returned ${status} instead of a token`, status);
  }
  if (!isObject(body)) {
    const received = response.text.trim() === '' ? 'an empty body' : contentType(headers);
    throw new ResponseError('malformed_response', `${operation} returned ${received} instead of a JSON object`, status);
  }
  const origin = { operation, status, secrets };
  const granted = decode(tokenResponse, body, '', origin);
  return bearerToken({ response: granted, requested, now, source: operation, status });
}

/**
 * Reads an error in doctape's envelope, which all other endpoints use (wire document section 3.0): its code is a number, and its
 * message may be an OAuth error code.
 */
function readEnvelope(error: Record<string, unknown>, status: number): [code: string, description: string | undefined] {
  const { message, code = status } = errorMessage(error);
  return [message !== undefined && /^[a-z]+(_[a-z]+)+$/.test(message) ? message : `http_${code}`, message];
}

/** Whether the media type is JSON or missing. */
function isJson(headers: Headers): boolean {
  const type = headers.get('content-type');
  return type === null || type.trim() === '' || /^\s*(application|text)\/([\w.+-]+\+)?json\s*(;|$)/i.test(type);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringOrUndefined(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
