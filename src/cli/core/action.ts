import { reportError, Stopped, signalExitCodes } from './errors.js';

type Work<Values extends unknown[]> = (signal: AbortSignal, ...values: Values) => Promise<void>;

/**
 * Wraps a command: signals abort it, and errors are reported in one line. The exit code is 0 if everything succeeded,
 * 1 if something failed, 2 if the command line is wrong, 130 after SIGINT and 143 after SIGTERM.
 *
 * @param load loads the command when it runs: loading them all would take longer than most of them
 */
export function action<Values extends unknown[]>(
  load: () => Promise<Work<Values>>,
): (...values: Values) => Promise<void> {
  return async (...values) => {
    const controller = new AbortController();
    // `once`, so that a second Ctrl+C ends the process immediately
    for (const [signal, code] of Object.entries(signalExitCodes)) {
      process.once(signal, () => controller.abort(new Stopped(code)));
    }
    try {
      const work = await load();
      await work(controller.signal, ...values);
    } catch (error) {
      reportError(error);
    }
    if (controller.signal.reason instanceof Stopped) process.exitCode = controller.signal.reason.exitCode;
  };
}

/** The same for a command that only prints. It ends as soon as stdout is closed or cannot be written. */
export function printingAction<Values extends unknown[]>(
  load: () => Promise<Work<Values>>,
): (...values: Values) => Promise<void> {
  return action(async () => async (signal, ...values) => {
    const work = await load();
    const output = new AbortController();
    process.stdout.once('error', ({ code }: NodeJS.ErrnoException) => {
      output.abort(new Stopped(code === 'EPIPE' ? 0 : 1));
    });
    return work(AbortSignal.any([signal, output.signal]), ...values);
  });
}
