import type { SandboxContext } from './context.js';

/** Not a valid username. */
const everyone = '*';

/** Runs the changes to what a user owns one after another, so that each reads what the previous one has written. */
export function withUserLock<T>({ changes }: SandboxContext, owner: string, work: () => Promise<T>): Promise<T> {
  const result = (changes.get(owner) ?? changes.get(everyone) ?? Promise.resolve()).then(work);
  changes.set(owner, settled(result));
  return result;
}

/** Runs a change to what all users own: after the changes that have begun, and before all that follow. */
export function withAllLocks<T>({ changes }: SandboxContext, work: () => Promise<T>): Promise<T> {
  const result = Promise.all(changes.values()).then(work);
  const end = settled(result);
  for (const owner of [everyone, ...changes.keys()]) changes.set(owner, end);
  return result;
}

/** The caller receives the error from the promise itself. */
async function settled(promise: Promise<unknown>): Promise<void> {
  await promise.catch(() => {});
}
