import { goBack } from '../page/layers.js';

// A sign-in leaves two entries in the history: the page that asks for the password, and this page with the token. Afterwards
// Back must not lead to the password. So the page goes back to the entry where the sign-in began, and shows the files there.

const startKey = 'doctape-files:start';
const problemKey = 'doctape-files:problem';
/** Browsers keep no more entries than these. The number of entries says nothing then. */
const mostEntries = 50;

/** Remembers where in the history the sign-in begins, and leaves for it. */
export function leaveForSignIn(url: URL): void {
  // the entries after this one count too, until a new entry removes them: the page for the password then takes its place
  history.pushState(history.state, '');
  store(startKey, String(history.length - 1));
  location.replace(url);
}

/**
 * Goes back to where the sign-in began.
 * @param problem what went wrong, to be said there
 * @returns whether the page is being left
 */
export async function returnToStart(problem: string | undefined): Promise<boolean> {
  const start = Number(take(startKey) ?? 0);
  const steps = history.length - start;
  if (start === 0 || steps <= 0 || history.length >= mostEntries) return false;
  store(problemKey, problem ?? '');
  const left = new Promise<boolean>((resolve) => {
    addEventListener('pagehide', () => resolve(true), { once: true });
    const timer = setTimeout(() => resolve(false), 2000); // the entries are not what they were
    addEventListener('beforeunload', () => clearTimeout(timer), { once: true }); // they are: the page is only slow to load
  });
  history.go(-steps);
  return left;
}

/** What went wrong in the sign-in that the page has come back from. */
export function takeProblem(): string | undefined {
  const problem = take(problemKey);
  if (problem === undefined) return undefined;
  // Forward leads to the page that asks for the password: a new entry removes it
  history.pushState(history.state, '');
  goBack();
  return problem === '' ? undefined : problem;
}

function store(key: string, value: string): void {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    // the storage is blocked: the sign-in says so itself
  }
}

function take(key: string): string | undefined {
  try {
    const value = sessionStorage.getItem(key) ?? undefined;
    sessionStorage.removeItem(key);
    return value;
  } catch {
    return undefined;
  }
}
