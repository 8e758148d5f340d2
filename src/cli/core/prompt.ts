import { Stopped, signalExitCodes } from './errors.js';

/** Whether the user can answer a prompt. Prompts erase lines, which some terminals cannot do (cli/cli#5721). */
export function isInteractive(): boolean {
  return process.stdin.isTTY && process.stderr.isTTY && process.env.TERM !== 'dumb';
}

/**
 * Waits for the answer to a prompt of `@clack/prompts`. Ctrl+C ends the command. Ctrl+D does too, which needs code here: the
 * prompt does not notice the end of its input.
 */
export async function ask<T extends string | boolean>(
  signal: AbortSignal,
  prompt: (signal: AbortSignal) => Promise<T | symbol>,
): Promise<T> {
  const controller = new AbortController();
  const onEnd = () => controller.abort(cancelled());
  const onKey = (_text: unknown, key: { name?: string; ctrl?: boolean } | undefined) => {
    if (key?.ctrl && key.name === 'd') onEnd();
  };
  process.stdin.on('keypress', onKey);
  process.stdin.on('end', onEnd);
  try {
    const answer = await prompt(AbortSignal.any([signal, controller.signal]));
    if (typeof answer === 'symbol') throw cancelled();
    return answer;
  } finally {
    process.stdin.off('keypress', onKey);
    process.stdin.off('end', onEnd);
  }
}

/** Prompts handle Ctrl+C themselves, so no signal arrives. */
function cancelled(): Stopped {
  return new Stopped(signalExitCodes.SIGINT);
}
