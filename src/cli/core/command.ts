import { ApiClient, DoctapeError, TokenExpiredError, UnauthorizedError } from '../../index.js';
import { printable, printableJson } from '../terminal/printable.js';
import { readSession, type Session } from './session.js';

/** The command line was wrong: exit code 2. */
export class UsageError extends Error {}

/** What a signal ends a command with. */
class Stopped extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('stopped');
    this.exitCode = exitCode;
  }
}

const signals = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Makes the action of a command: it can be stopped, and ends with exit code 0 when all is done, 1 when something failed,
 * 2 when it was called wrongly, and 130 on Ctrl+C.
 */
export function action<Values extends unknown[]>(
  work: (signal: AbortSignal, ...values: Values) => Promise<void>,
): (...values: Values) => Promise<void> {
  return async (...values) => {
    const controller = new AbortController();
    // once: who presses Ctrl+C twice does not want to wait
    for (const [signal, code] of Object.entries(signals)) {
      process.once(signal, () => controller.abort(new Stopped(code)));
    }
    try {
      await work(controller.signal, ...values);
    } catch (error) {
      fail(error);
    }
    if (controller.signal.reason instanceof Stopped) process.exitCode = controller.signal.reason.exitCode;
  };
}

/** The same for a command that does nothing but print: when nobody reads on, or it cannot be written, it ends. */
export function printing<Values extends unknown[]>(
  work: (signal: AbortSignal, ...values: Values) => Promise<void>,
): (...values: Values) => Promise<void> {
  return action((signal, ...values) => {
    const unread = new AbortController();
    process.stdout.once('error', ({ code }: NodeJS.ErrnoException) => {
      unread.abort(new Stopped(code === 'EPIPE' ? 0 : 1));
    });
    return work(AbortSignal.any([signal, unread.signal]), ...values);
  });
}

/** Ends the command as if Ctrl+C had been pressed, which prompts take for themselves. */
export function cancelled(): Error {
  return new Stopped(signals.SIGINT);
}

/** Says in one line on stderr what went wrong, and remembers it for the exit code. */
export function fail(error: unknown, subject?: string): void {
  if (error instanceof Stopped) {
    process.exitCode = error.exitCode;
    return;
  }
  process.exitCode = error instanceof UsageError ? 2 : 1;
  console.error(`doctape-sdk: ${subject === undefined ? '' : `${printable(subject)}: `}${describe(error)}`);
}

function describe(error: unknown): string {
  if (error instanceof UnauthorizedError || error instanceof TokenExpiredError) {
    return 'you are not signed in any more: run doctape-sdk login';
  }
  if (error instanceof DoctapeError || error instanceof UsageError) return printable(error.message);
  throw error; // a mistake in this program
}

/** What is given is quoted when it fails, and an address may hold a token or a password: so none is taken. */
export function noAddress(what: string, given: readonly (string | undefined)[]): void {
  if (given.some((text) => text?.includes('://'))) throw new UsageError(`${what}, not an address`);
}

const notTried = { code: 'not_tried', message: 'not tried, because nobody is signed in any more' };

/** Does the same with each, whatever becomes of the others, until it is stopped or nobody is signed in any more. */
export async function each<T>(
  items: readonly T[],
  signal: AbortSignal,
  nameOf: (item: T) => string,
  work: (item: T) => Promise<void>,
  tell?: (item: T, error: Pick<DoctapeError, 'code' | 'message'>) => void,
): Promise<void> {
  for (const [index, item] of items.entries()) {
    try {
      await work(item);
    } catch (error) {
      if (signal.aborted || error instanceof Stopped) throw error;
      if (error instanceof UnauthorizedError || error instanceof TokenExpiredError) {
        tell?.(item, error);
        for (const left of items.slice(index + 1)) tell?.(left, notTried);
        throw error;
      }
      fail(error, nameOf(item));
      if (error instanceof DoctapeError) tell?.(item, error);
    }
  }
}

/** A client for whoever is signed in. */
export async function signedIn(): Promise<{ api: ApiClient; session: Session }> {
  const session = await readSession();
  return { api: new ApiClient({ token: session.token, baseUrl: session.baseUrl }), session };
}

/** For programs: one line of JSON. */
export function printJson(value: unknown): void {
  console.log(printableJson(value));
}

/** Whether there is somebody to ask. */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY;
}
