import type { Context, MiddlewareHandler } from 'hono';
import { invalid, kindOf } from '../../protocol/checks.js';
import { failure } from '../core/answer.js';
import type { SandboxEnv } from '../core/context.js';
import { Failure } from '../core/failure.js';
import { peers } from '../core/peer.js';

/** What can be made to go wrong, for tests of applications. */
export interface Faults {
  /** Milliseconds every answer is late. */
  latency?: number;
  /** Answers with this status in place of the right one, */
  status?: number;
  /** this often, from 0 to 1. */
  probability?: number;
  /** Seconds, for the `Retry-After` of such an answer. */
  retryAfter?: number;
  /** Breaks the connection after this many bytes of a body. */
  cut?: number;
  /** Sends nothing more after this many bytes of a body. */
  stall?: number;
  /** Ignores `Range`, as a server may. */
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
 * Reads faults as the command line and the header write them: `latency=200,status=503@0.1,retry-after=2`.
 * @throws {ConfigurationError} naming the part that is none
 */
export function parseFaults(name: string, text: unknown): Faults {
  if (typeof text !== 'string') throw invalid(name, `must be a string such as "latency=200", not ${kindOf(text)}`);
  const faults: Faults = {};
  for (const part of text.split(',').map((piece) => piece.trim())) {
    if (part === '') continue;
    const form = forms.find(([pattern]) => pattern.test(part));
    if (!form) {
      const known = 'latency=MS, status=CODE@PROBABILITY, retry-after=SECONDS, cut=BYTES, stall=BYTES and no-ranges';
      throw invalid(name, `has no fault ${JSON.stringify(part.slice(0, 40))}: it knows ${known}, separated by commas`);
    }
    const [pattern, read] = form;
    Object.assign(faults, read(...(pattern.exec(part) ?? []).slice(1)));
  }
  return faults;
}

/**
 * Makes requests fail, as the sandbox was told, or as the header `x-doctape-fault` of a request says.
 * @param standing the faults of every request. Where they are given, even if there are none, other machines may send the header
 * too. Without them, only this machine may: a latency of days would hold a connection open for as long
 */
export function faultInjection(standing: Faults | undefined): MiddlewareHandler<SandboxEnv> {
  return async (c, next) => {
    const header = c.req.header('x-doctape-fault');
    const peer = peers.get(c.req.raw);
    if (header !== undefined && standing === undefined && peer?.isThisMachine === false) {
      const remedy = 'start the sandbox with --faults "" (faults: \'\') to allow it to other machines';
      throw new Failure(403, `x-doctape-fault is for requests from this machine: ${remedy}`);
    }
    const faults = header === undefined ? (standing ?? {}) : readHeader(header);
    if (faults.latency !== undefined) await late(faults.latency, c.req.raw.signal);
    c.set('noRanges', faults.noRanges === true);
    if (faults.status !== undefined && Math.random() < (faults.probability ?? 1)) {
      await c.req.raw.body?.cancel();
      c.res = withStatus(c, faults);
      return;
    }
    await next();
    if (faults.cut !== undefined || faults.stall !== undefined) c.res = broken(c.res, faults, peer?.hangUp);
  };
}

/** Waits, but not for a client that has left. */
function late(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    const leave = () => {
      clearTimeout(timer);
      resolve();
    };
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
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
  const demanded = new Failure(status, 'as the fault demands', headers);
  if (!/^\/oauth2(\/|$)/.test(c.req.path)) return failure(c, demanded);
  const passing = status === 503 || status === 429;
  const error = passing ? 'temporarily_unavailable' : status < 500 ? 'invalid_request' : 'server_error';
  return c.json({ error, error_description: demanded.message }, demanded.status, headers);
}

/** The same response, with a body that ends too early or never. */
function broken(response: Response, { cut, stall }: Faults, hangUp: (() => void) | undefined): Response {
  const reader = response.body?.getReader();
  if (!reader) return response;
  const limit = cut ?? stall ?? 0;
  let sent = 0;
  const forever = new Promise<void>(() => {});
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (sent >= limit) {
          if (cut === undefined) return forever; // until the client gives up
          await new Promise((resolve) => setTimeout(resolve, 50)); // what was sent is to arrive first
          if (!hangUp) throw new Error('cut off, as the fault demands');
          hangUp();
          return forever;
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
