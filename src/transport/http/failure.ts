import { ConfigurationError, DoctapeError, NetworkError } from '../../protocol/errors.js';
import { serverHint } from './redaction.js';

export interface Failed {
  /** The method and the redacted URL, for the message. */
  operation: string;
  /** If it is aborted, its reason is the error. */
  signal: AbortSignal;
  /** Whether the `fetch` option threw, which can have a bug. */
  ownFetch?: boolean;
}

/**
 * The error to reject with if a request threw. Never the original error, because `fetch` and ky quote URLs and headers. A bug in
 * the `fetch` option is not a network failure, so it is not retried.
 */
export function failure(error: unknown, { operation, signal, ownFetch = false }: Failed): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof DoctapeError) return error;
  const code = systemCode(error);
  const words = wordsOf(error);
  // WebKit translates its messages. Its own errors have no stack
  const isNative = error instanceof Error && !error.stack;
  if (isOfNetwork(error, words, code, ownFetch && !isNative)) return networkError(operation, code);
  const name = /^[A-Z][A-Za-z]{0,30}(?:Error|Exception|Capable)(?=:)/.exec(words)?.[0] ?? 'an unknown error';
  const whose = ownFetch ? '`fetch` option' : 'global `fetch`';
  const problem = reuse.test(words)
    ? usedResponse
    : `threw ${name}${code ? ` (${code})` : ''}, which is not a network failure: check the ${whose}`;
  return new ConfigurationError('invalid_argument', `${operation} failed: \`fetch\` ${problem}`);
}

/** The problem with a `fetch` that returns the same Response twice, as mocks do. */
export const usedResponse = 'returned a Response whose body was already read: return a new Response for each call';

export function networkError(operation: string, reason?: string): NetworkError {
  const suffix = reason ? ` (${reason})` : '';
  return new NetworkError(
    `${operation} got no response: the connection failed${suffix}${serverHint(operation)}`,
    reason,
  );
}

/** How engines report a bug in a program. None of them translates these messages. */
const mistake =
  /\bis (?:not (?:an?|iterable|defined)|undefined|null)\b|an(?:no|')t (?:read|set|access|destr|convert|mix|use|find|call)|Illegal invocation|Can only call|Failed to execute/;

/** How platforms and libraries report that a body was already read. */
const reuse = /\b(?:body|stream)\b.{0,40}\b(?:unusable|already|disturbed|locked)\b|already read/i;

/** Classes that platforms and libraries never use for a network failure. */
const neverOfNetwork = /^(?:Reference|Range|Syntax|URI|Eval)Error|^NotCapable/;

/** Codes of bugs in a program, or of missing files of an application. */
const mistakenCode =
  /^(?:UND_)?ERR_(?:INVALID_(?!HTTP)|MISSING|NOT_SUPPORTED|METHOD|BODY_ALREADY|OUT_OF|UNKNOWN|MODULE)|^MODULE_|^E(?:NOENT|ISDIR|NOTDIR)$/;

/** How platforms and libraries report a network failure without a code. */
const network =
  /fetch failed|failed to fetch|load failed|network|connect|socket|offline|time[sd]? ?out|abort|terminated|premature|hang up|tls|ssl|certificate|hostname|dns|error sending|reading a body|input stream/i;

/** The system call, if any, and the code of network failures: of systems, undici, Node.js and OpenSSL. */
const networkCode =
  /^(?:connect|get|query)|^(?:read|write)? (?:Z_BUF|E(?:CONN|HOST|NET|ADDR|AI_|PROTO|PIPE|NOTF)|UND_ERR_(?:INFO|PRX|RES_C|DEST)|ERR_(?:HTTP2_|PROXY_TUN|CANCELED)|HPE_|.*(?:CERT|LEAF)(?:_|$))/;

/** The same for codes that must contain a word of {@link network}. */
const wordyCode = /^(?:read|write)? (?:UND|ERR_[^O]|E[A-Z]+$|ABORT|HOST)/;

/**
 * Runtimes agree on neither class nor message. An error of the global `fetch` is a network failure unless it reports a bug. An
 * error of the `fetch` option must match a known network failure.
 */
function isOfNetwork(error: unknown, words: string, code: string | undefined, ownFetch: boolean): boolean {
  if (code && !ownFetch) return !mistakenCode.test(code);
  if (neverOfNetwork.test(words)) return false;
  if (code) {
    const called = `${chainOf(error).find(({ syscall }) => typeof syscall === 'string')?.syscall ?? ''} ${code}`;
    return networkCode.test(called) || (wordyCode.test(called) && network.test(code));
  }
  if (mistake.test(words) || reuse.test(words)) return false;
  return !ownFetch || network.test(words);
}

/** A code such as ECONNREFUSED, from the error or one of its causes. */
export function systemCode(error: unknown): string | undefined {
  for (const { code } of chainOf(error)) {
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
  }
  const [, event] = /connection (refused|reset|aborted)/i.exec(wordsOf(error)) ?? []; // Deno does not set a code
  return event && `ECONN${event.toUpperCase()}`;
}

/** The names and messages of an error and its causes. */
function wordsOf(error: unknown): string {
  const words = chainOf(error).map(({ name, message }) => `${name}: ${message}`);
  return (words.join('\n') || String(error)).slice(0, 2_000);
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
  for (let at: unknown = error; typeof at === 'object' && at !== null && chain.length < 4; ) {
    const described: Described = at;
    chain.push(described);
    at = described.cause;
  }
  return chain;
}
