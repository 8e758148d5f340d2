import { cancelled } from './command.js';

/** Waits for the answer to a prompt. Ctrl+C ends the command, and so does Ctrl+D: the prompt does not notice that its input ends. */
export async function ask<T extends string | boolean>(
  signal: AbortSignal,
  prompt: (signal: AbortSignal) => Promise<T | symbol>,
): Promise<T> {
  const over = new AbortController();
  const onEnd = () => over.abort(cancelled());
  const onKey = (_text: unknown, key: { name?: string; ctrl?: boolean } | undefined) => {
    if (key?.ctrl && key.name === 'd') onEnd();
  };
  process.stdin.on('keypress', onKey);
  process.stdin.on('end', onEnd);
  try {
    const answer = await prompt(AbortSignal.any([signal, over.signal]));
    if (typeof answer === 'symbol') throw cancelled();
    return answer;
  } finally {
    process.stdin.off('keypress', onKey);
    process.stdin.off('end', onEnd);
  }
}
