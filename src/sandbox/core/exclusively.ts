import type { SandboxContext } from './context.js';

/** Runs the changes to what a user owns one after another, so that each reads what the previous one has written. */
export function exclusively<T>({ changes }: SandboxContext, owner: string, work: () => Promise<T>): Promise<T> {
  const result = (changes.get(owner) ?? Promise.resolve()).then(work);
  changes.set(
    owner,
    result.catch(() => {}), // the caller receives the error from `result`
  );
  return result;
}
