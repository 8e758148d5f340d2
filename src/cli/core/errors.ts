import {
  ConfigurationError,
  DoctapeError,
  InsufficientScopeError,
  TokenExpiredError,
  UnauthorizedError,
} from '../../index.js';
import { note } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';

/** The command line is wrong. The exit code is 2. */
export class UsageError extends Error {}

/** The command line is right, but the command cannot be carried out now. The exit code is 1. */
export class CommandError extends Error {
  /** A stable reason, as `--json` prints it. */
  readonly code: string;

  constructor(message: string, code = 'failed') {
    super(message);
    this.code = code;
  }
}

/** A signal, Ctrl+C at a prompt or a closed stdout ended the command. Nothing is reported. */
export class Stopped extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('stopped');
    this.exitCode = exitCode;
  }
}

/** The exit codes that shells use for these signals. */
export const signalExitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Prints an error in one line on stderr, and sets the exit code.
 *
 * @param subject the file or id that the error is about, if the command continues with others
 * @throws any error that is not expected, because it is a bug in this program
 */
export function reportError(error: unknown, subject?: string): void {
  if (error instanceof Stopped) {
    process.exitCode = error.exitCode;
    return;
  }
  process.exitCode = error instanceof UsageError ? 2 : 1;
  note(`doctape-sdk: ${subject === undefined ? '' : `${printable(subject)}: `}${messageOf(error)}`);
}

function messageOf(error: unknown): string {
  if (isSignedOut(error)) return 'you are no longer signed in: run `npx doctape-sdk login`';
  if (error instanceof InsufficientScopeError)
    return 'your sign-in does not permit this: run `npx doctape-sdk login` again';
  if (error instanceof DoctapeError || error instanceof UsageError || error instanceof CommandError) {
    return printable(error.message);
  }
  throw error;
}

/** Whether the server rejected the token, or the token has expired. */
export function isSignedOut(error: unknown): error is UnauthorizedError | TokenExpiredError {
  return error instanceof UnauthorizedError || error instanceof TokenExpiredError;
}

/** The code of a system error, such as `ENOENT`. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}

/**
 * Runs `work`. If the SDK refuses an option whose value came from a flag, the error names the flag.
 *
 * @param flags the flags, by the name of the option that each one sets
 * @throws {UsageError} for a wrong value of one of the flags
 */
export async function namingFlags<T>(flags: ReadonlyMap<string, string>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // the message of a ConfigurationError begins with the name of the option
    const [option = ''] = error instanceof ConfigurationError ? (/^\w+/.exec(error.message) ?? []) : [];
    const flag = flags.get(option);
    if (flag === undefined || !(error instanceof ConfigurationError)) throw error;
    throw new UsageError(`${flag} is invalid: ${error.message}`);
  }
}
