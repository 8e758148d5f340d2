import { ApiClient, NotFoundError, type Token } from 'doctape-sdk';
import { announceProblem } from '../page/messages.js';
import { endsSession, explain } from './problem.js';

/** What all parts of the signed-in app share. */
export interface Session {
  readonly api: ApiClient;
  /** Undefined until the account has been loaded. */
  username: string | undefined;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
  /** A sentence about an error, or undefined if the session has ended. */
  explain(error: unknown): string | undefined;
  /** Runs an action, and shows its error. @returns whether it succeeded */
  attempt(action: () => Promise<void>): Promise<boolean>;
  /** Calls the listener when something that is shown does not exist any more. */
  onMissing(listener: () => void): void;
  signOut(): void;
}

export type SessionEnd = 'signed out' | 'expired';

export function createSession(token: Token, baseUrl: string, ended: (how: SessionEnd) => void): Session {
  const controller = new AbortController();
  const end = (how: SessionEnd) => {
    if (controller.signal.aborted) return;
    controller.abort();
    ended(how);
  };
  const missing: (() => void)[] = [];
  const explainOrEnd = (error: unknown) => {
    if (endsSession(error)) end('expired');
    else if (error instanceof NotFoundError) for (const listener of missing) listener();
    return controller.signal.aborted ? undefined : explain(error);
  };
  return {
    api: new ApiClient({ token, baseUrl }),
    username: undefined,
    signal: controller.signal,
    explain: explainOrEnd,
    async attempt(action) {
      try {
        await action();
        return true;
      } catch (error) {
        const problem = explainOrEnd(error);
        if (problem !== undefined) announceProblem(problem);
        return false;
      }
    },
    onMissing: (listener) => void missing.push(listener),
    signOut: () => end('signed out'),
  };
}
