import { ConfigurationError, DoctapeError, NetworkError } from '../../protocol/errors.js';
import { serverHint } from './redaction.js';

export interface Failed {
  /** What was being done, for the message. */
  operation: string;
  /** If it was aborted, its reason is the error. */
  signal: AbortSignal;
  /** Whether a `fetch` of the application threw, which may have a bug. */
  ownFetch?: boolean;
}

/**
 * What to reject with when a request threw. Never the error itself: those of `fetch` and ky quote URLs and headers. A bug in the
 * application's `fetch` is not reported as a network failure, and so is not retried.
 */
export function failure(error: unknown, { operation, signal, ownFetch = false }: Failed): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof DoctapeError) return error;
  const code = systemCode(error);
  const words = wordsOf(error);
  // WebKit translates its messages. What it rejects with has no stack, because no program was running
  const isNative = error instanceof Error && !error.stack;
  if (isOfNetwork(words, code, ownFetch && !isNative)) return networkError(operation, code);
  const name = /^[A-Z][A-Za-z]{0,30}(?:Error|Exception|Capable)(?=:)/.exec(words)?.[0] ?? 'an unknown error';
  const whose = ownFetch ? '`fetch` option' : 'global `fetch`';
  const problem = reuse.test(words)
    ? usedResponse
    : `threw ${name}${code ? ` (${code})` : ''}, which is not a network failure: check the ${whose}`;
  return new ConfigurationError('invalid_argument', `${operation} failed: \`fetch\` ${problem}`);
}

/** What is wrong with a `fetch` that gives one Response twice, as mocks do. */
export const usedResponse = 'gave a Response whose body has been read already: return a new Response for each call';

export function networkError(operation: string, reason?: string): NetworkError {
  const suffix = reason ? ` (${reason})` : '';
  return new NetworkError(
    `${operation} got no response: the connection failed${suffix}${serverHint(operation)}`,
    reason,
  );
}

/** How engines report a mistake in a program. None of them translates these messages. */
const mistake =
  /\bis (?:not (?:an?|iterable|defined)|undefined|null)\b|an(?:no|')t (?:read|set|access|destr|convert|mix|use|find|call)|Illegal invocation|Can only call|Failed to execute/;

/** How platforms and libraries say that a body was read before. */
const reuse = /\b(?:body|stream)\b.{0,40}\b(?:unusable|already|disturbed|locked)\b|already read/i;

/** Classes that no platform and no library use for a network failure. */
const neverOfNetwork = /^(?:Reference|Range|Syntax|URI|Eval)Error|^NotCapable/;

/** Codes of mistakes in a program, or in the files of an application. */
const mistakenCode =
  /^(?:UND_)?ERR_(?:INVALID_(?!HTTP)|MISSING|NOT_SUPPORTED|METHOD|BODY_ALREADY|OUT_OF|UNKNOWN|MODULE)|^MODULE_|^E(?:NOENT|ISDIR|NOTDIR)$/;

/** How platforms and libraries report a network failure when they give no code. */
const network =
  /fetch failed|failed to fetch|load failed|network|connect|socket|offline|time[sd]? ?out|abort|terminated|premature|hang up|tls|ssl|certificate|hostname|dns|error sending|reading a body|input stream/i;

/**
 * Runtimes agree on neither class nor message. The platform's `fetch` fails because of the network unless it reports a mistake;
 * an application's own has to report a network failure in a known way.
 */
function isOfNetwork(words: string, code: string | undefined, ownFetch: boolean): boolean {
  if (code) return !mistakenCode.test(code);
  if (neverOfNetwork.test(words) || mistake.test(words) || reuse.test(words)) return false;
  return !ownFetch || network.test(words);
}

/** A code such as ECONNREFUSED, wherever the runtime keeps it. */
export function systemCode(error: unknown): string | undefined {
  for (const { code } of chainOf(error)) {
    if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,40}$/.test(code)) return code;
  }
  const [, event] = /connection (refused|reset|aborted)/i.exec(wordsOf(error)) ?? []; // Deno has no code
  return event && `ECONN${event.toUpperCase()}`;
}

/** Names and messages of an error and its causes. */
function wordsOf(error: unknown): string {
  const words = chainOf(error).map(({ name, message }) => `${name}: ${message}`);
  return (words.join('\n') || String(error)).slice(0, 2_000);
}

interface Described {
  name?: unknown;
  message?: unknown;
  code?: unknown;
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
