import type { Context, MiddlewareHandler, Next } from 'hono';
import { invalid, kindOf } from '../../protocol/checks.js';
import type { SandboxEnv } from '../core/context.js';
import { failureResponse } from '../core/envelope.js';
import { Failure } from '../core/failure.js';
import { peerOf } from '../core/peer.js';
import { withBody } from '../core/response-text.js';
import { isOAuthPath, oauthFailure } from '../oauth/oauth-failure.js';

/** Faults that the sandbox injects, for tests of applications. */
export interface Faults {
  /** The delay before each response, in milliseconds. */
  latency?: number;
  /** The status of the error response that replaces the real one. */
  status?: number;
  /** The probability of `status`, from 0 to 1. */
  probability?: number;
  /** The `Retry-After` of that error response, in seconds. */
  retryAfter?: number;
  /** Closes the connection after this number of bytes of the body. */
  cut?: number;
  /** Stalls after this number of bytes of the body. */
  stall?: number;
  /** Ignores the `Range` header, which a server is allowed to do. */
  noRanges?: boolean;
}

const forms: [RegExp, (...values: string[]) => Faults][] = [
  [/^latency=(\d{1,9})$/, (value) => ({ latency: Number(value) })],
  [
    /^status=([45]\d\d)(?:@(0?\.\d+|0|1(?:\.0+)?))?$/,
    (status, probability = '1') => ({ status: Number(status), probability: Number(probability) }),
  ],
  [/^retry-after=(\d{1,9})$/, (value) => ({ retryAfter: Number(value) })],
  [/^cut=(\d{1,15})$/, (value) => ({ cut: Number(value) })],
  [/^stall=(\d{1,15})$/, (value) => ({ stall: Number(value) })],
  [/^no-ranges$/, () => ({ noRanges: true })],
];

/**
 * Parses the faults of an option or of a header, such as `latency=200,status=503@0.1,retry-after=2`.
 *
 * @throws {ConfigurationError} that names the part that is not a fault
 */
export function parseFaults(name: string, text: unknown): Faults {
  if (typeof text !== 'string') throw invalid(name, `must be a string such as "latency=200", not ${kindOf(text)}`);
  const faults: Faults = {};
  for (const part of text.split(',').map((piece) => piece.trim())) {
    if (part === '') continue;
    const form = forms.find(([pattern]) => pattern.test(part));
    if (!form) {
      const known = 'latency=MS, status=CODE@PROBABILITY, retry-after=SECONDS, cut=BYTES, stall=BYTES and no-ranges';
      throw invalid(
        name,
        `contains an unknown fault ${JSON.stringify(part.slice(0, 40))}: use ${known}, separated by commas`,
      );
    }
    const [pattern, read] = form;
    Object.assign(faults, read(...(pattern.exec(part) ?? []).slice(1)));
  }
  return faults;
}

/**
 * Injects the faults of the sandbox, or those of the header `x-doctape-fault` of a request.
 *
 * @param configured the faults of every request. If they are undefined, only requests from this machine may have the header: a
 * latency of days keeps a connection open for days
 */
export function faultInjection(configured: Faults | undefined): MiddlewareHandler<SandboxEnv> {
  return (c, next) => {
    const header = c.req.header('x-doctape-fault');
    return header === undefined && configured === undefined ? next() : inject(c, next, header);
  };

  async function inject(c: Context<SandboxEnv>, next: Next, header: string | undefined): Promise<void> {
    const peer = peerOf(c);
    if (header !== undefined && configured === undefined && peer?.isThisMachine === false) {
      const remedy = 'start the sandbox with --faults "" (faults: \'\') to accept it from other machines';
      throw new Failure(403, `x-doctape-fault is accepted from this machine only: ${remedy}`);
    }
    const faults = header === undefined ? (configured ?? {}) : readHeader(header);
    if (faults.latency !== undefined) await delay(faults.latency, c.req.raw.signal);
    c.set('noRanges', faults.noRanges === true);
    if (faults.status !== undefined && Math.random() < (faults.probability ?? 1)) {
      c.res = withStatus(c, faults);
      return;
    }
    await next();
    if (faults.cut !== undefined || faults.stall !== undefined)
      c.res = interrupted(withBody(c.res), faults, peer && (() => peer.closeConnection()));
  }
}

/** Waits. Stops when the client closes the connection. */
function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const stop = () => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

function readHeader(header: string): Faults {
  try {
    return parseFaults('x-doctape-fault', header);
  } catch (error) {
    throw new Failure(400, error instanceof Error ? error.message : undefined);
  }
}

function withStatus(c: Context, { status = 500, retryAfter }: Faults): Response {
  const headers = { ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }) };
  const injected = new Failure(status, 'injected by a fault', headers);
  return isOAuthPath(c.req.path) ? oauthFailure(c, injected) : failureResponse(c, injected);
}

/** The same response with a body that is cut or stalls. */
function interrupted(response: Response, { cut, stall }: Faults, closeConnection: (() => void) | undefined): Response {
  const reader = response.body?.getReader();
  if (!reader) return response;
  const limit = cut ?? stall ?? 0;
  let sent = 0;
  const never = new Promise<void>(() => {});
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (sent >= limit) {
          if (cut === undefined) return never; // until the client closes the connection
          await new Promise((resolve) => setTimeout(resolve, 50)); // let the sent bytes arrive first
          if (!closeConnection) throw new Error('the connection was cut by a fault');
          closeConnection();
          return never;
        }
        const { done, value } = await reader.read();
        if (done) return controller.close();
        const piece = value.subarray(0, limit - sent);
        sent += piece.byteLength;
        controller.enqueue(piece);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  return new Response(body, response);
}
