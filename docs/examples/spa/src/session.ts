import { ApiClient, type Token } from 'doctape-sdk';
import { announceProblem } from './messages.js';
import { endsSession, explain } from './problem.js';

/** What every part of the signed-in app works with. */
export interface Session {
  readonly api: ApiClient;
  /** Ends everything that is under way when the session does. */
  readonly signal: AbortSignal;
  /** A sentence about an error; undefined when there is nothing to say, because the session is over. */
  explain(error: unknown): string | undefined;
  /** Does something, and says so when it fails. @returns whether it worked */
  attempt(action: () => Promise<void>): Promise<boolean>;
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
  const explainOrEnd = (error: unknown) => {
    if (endsSession(error)) end('expired');
    return controller.signal.aborted ? undefined : explain(error);
  };
  return {
    api: new ApiClient({ token, baseUrl }),
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
    signOut: () => end('signed out'),
  };
}
