import { ConfigurationError, DoctapeError, NetworkError } from '../../protocol/errors.js';
import { serverHint } from './redaction.js';

export interface FailedRequest {
  /** The method and the redacted URL, for the message. */
  operation: string;
  /** If the signal is aborted, its reason is the error. */
  watched: { signal: AbortSignal };
  /** The `fetch` option, which can have a bug. */
  fetch: unknown;
}

/**
 * The error to reject with if a request threw. Never the original error, because `fetch` and ky quote URLs and headers. A bug in
 * the `fetch` option is not a network failure, so it is not retried.
 * @param received how much of the response there was
 */
export function failure(
  error: unknown,
  { operation, watched: { signal }, fetch }: FailedRequest,
  received: 'no' | 'an incomplete',
): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof DoctapeError) return error;
  const code = systemCode(error);
  const messages = messagesOf(error);
  // WebKit translates its messages. Its own errors have no stack
  const isNative = error instanceof Error && !error.stack;
  const customFetch = fetch !== undefined;
  if (isNetworkError(error, messages, code, customFetch && !isNative)) return networkError(operation, received, code);
  const name = /^[A-Z][A-Za-z]{0,30}(?:Error|Exception|Capable)(?=:)/.exec(messages)?.[0] ?? 'an unknown error';
  const whose = customFetch ? '`fetch` option' : 'global `fetch`';
  const problem = bodyReused.test(messages)
    ? usedResponse
    : `threw ${name}${code ? ` (${code})` : ''}, which is not a network failure: check the ${whose}`;
  return new ConfigurationError('invalid_argument', `${operation} failed: \`fetch\` ${problem}`);
}

/** The problem with a `fetch` that returns the same Response twice, as mocks do. */
export const usedResponse = 'returned a Response whose body was already read: return a new Response for each call';

export function networkError(operation: string, received: 'no' | 'an incomplete', reason?: string): NetworkError {
  const suffix = reason ? ` (${reason})` : '';
  return new NetworkError(
    `${operation} got ${received} response: the connection failed${suffix}${serverHint(operation)}`,
    reason,
  );
}

/** How engines report a bug in a program. None of them translates these messages. */
const programError =
  /\bis (?:not (?:an?|iterable|defined)|undefined|null)\b|an(?:no|')t (?:read|set|access|destr|convert|mix|use|find|call)|Illegal invocation|Can only call|Failed to execute/;

/** How platforms and libraries report that a body was already read. */
const bodyReused = /\b(?:body|stream)\b.{0,40}\b(?:unusable|already|disturbed|locked)\b|already read/i;

/** Classes that platforms and libraries never use for a network failure. */
const neverNetworkError = /^(?:Reference|Range|Syntax|URI|Eval)Error|^NotCapable/;

/** Codes of bugs in a program, or of missing files of an application. */
const programErrorCode =
  /^(?:UND_)?ERR_(?:INVALID_(?!HTTP)|MISSING|NOT_SUPPORTED|METHOD|BODY_ALREADY|OUT_OF|UNKNOWN|MODULE)|^MODULE_|^E(?:NOENT|ISDIR|NOTDIR)$/;

/** How platforms and libraries report a network failure without a code. */
const network =
  /fetch failed|failed to fetch|load failed|network|connect|socket|offline|time[sd]? ?out|abort|terminated|premature|hang up|tls|ssl|certificate|hostname|dns|error sending|reading a body|input stream/i;

/** The system call, if any, and the code of network failures: of systems, undici, Node.js and OpenSSL. */
const networkCode =
  /^(?:connect|get|query|bind)|^(?:read|write|shutdown)? (?:Z_(?:BUF|DATA)|E(?:CONN|HOST|NET|ADDR|AI_|PROTO|PIPE|NOT[CF])|UND_ERR_(?:INFO|PRX|RES_C|DEST)|ERR_(?:HTTP2_|PROXY_TUN|CANCELED)|HPE_|.*(?:CERT|LEAF)(?:_|$))/;

/** The same for codes that must contain a word of {@link network}. */
const genericCode = /^(?:read|write)? (?:UND|ERR_[^O]|E[A-Z]+$|ABORT|HOST)/;

/**
 * Runtimes agree on neither class nor message. An error of the global `fetch` is a network failure unless it reports a bug. An
 * error of the `fetch` option must match a known network failure.
 */
function isNetworkError(error: unknown, messages: string, code: string | undefined, customFetch: boolean): boolean {
  if (code && !customFetch) return !programErrorCode.test(code);
  if (neverNetworkError.test(messages)) return false;
  if (code) {
    const called = `${chainOf(error).find(({ syscall }) => typeof syscall === 'string')?.syscall ?? ''} ${code}`;
    return networkCode.test(called) || (genericCode.test(called) && network.test(code));
  }
  if (programError.test(messages) || bodyReused.test(messages)) return false;
  return !customFetch || network.test(messages);
}

/** A code such as ECONNREFUSED, from the error or one of its causes. */
export function systemCode(error: unknown): string | undefined {
  for (const { code } of chainOf(error)) {
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
  }
  const [, event] = /connection (refused|reset|aborted)/i.exec(messagesOf(error)) ?? []; // Deno does not set a code
  return event && `ECONN${event.toUpperCase()}`;
}

/** The names and messages of an error and its causes. */
function messagesOf(error: unknown): string {
  const messages = chainOf(error).map(({ name, message }) => `${name}: ${message}`);
  return (messages.join('\n') || String(error)).slice(0, 2_000);
}

interface Described {
  name?: unknown;
  message?: unknown;
  code?: unknown;
  syscall?: unknown;
  cause?: unknown;
}

function chainOf(error: unknown): Described[] {
  const chain: Described[] = [];
  for (let current: unknown = error; typeof current === 'object' && current !== null && chain.length < 4; ) {
    const described: Described = current;
    chain.push(described);
    current = described.cause;
  }
  return chain;
}
