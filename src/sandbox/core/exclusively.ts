import type { SandboxContext } from './context.js';

/** Runs changes to what one user owns one after the other: each reads what the one before has written. */
export function exclusively<T>({ changes }: SandboxContext, owner: string, work: () => Promise<T>): Promise<T> {
  const result = (changes.get(owner) ?? Promise.resolve()).then(work);
  changes.set(
    owner,
    result.catch(() => {}), // whoever asked for the change hears of it
  );
  return result;
}
