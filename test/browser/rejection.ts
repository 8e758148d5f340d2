import { expect } from 'vitest';

/** The error that a promise rejects with. It must be an instance of this class. */
export async function rejection<E>(promise: Promise<unknown>, type: abstract new (...args: never[]) => E): Promise<E> {
  const outcome = await promise.then(
    () => ({ rejected: false as const }),
    (reason: unknown) => ({ rejected: true as const, reason }),
  );
  if (!outcome.rejected) throw new Error('it did not reject');
  if (!(outcome.reason instanceof type)) expect(outcome.reason).toBeInstanceOf(type);
  return outcome.reason as E;
}
