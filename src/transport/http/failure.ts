import { DoctapeError, NetworkError } from '../../protocol/errors.js';

/**
 * What to reject with when a request threw. Never the error itself: those of `fetch` and ky quote URLs and headers,
 * and runtimes agree on neither class nor message.
 */
export function failure(error: unknown, operation: string, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof DoctapeError) return error;
  const code = systemCode(error);
  return new NetworkError(`${operation} got no answer: the connection failed${code ? ` (${code})` : ''}`);
}

/** A code such as ECONNREFUSED, wherever the runtime keeps it. */
export function systemCode(error: unknown): string | undefined {
  for (let at = error, depth = 0; typeof at === 'object' && at !== null && depth < 4; depth++) {
    if ('code' in at && typeof at.code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(at.code)) return at.code;
    at = 'cause' in at ? at.cause : undefined;
  }
  return undefined;
}
