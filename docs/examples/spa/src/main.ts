import { ApiClient, type Token } from 'doctape-sdk';
import type { ImplicitGrantClient } from 'doctape-sdk/browser';
import { showLibrary } from './library/library.js';
import { element } from './page/element.js';
import { announceProblem, clearMessages } from './page/messages.js';
import { showNotice } from './page/start-page.js';
import { type Config, loadConfig } from './session/config.js';
import { leaveForSignIn, returnToStart, takeProblem } from './session/history.js';
import { createSession } from './session/session.js';
import { createSignIn, explainSignIn, resume, takeUrl } from './session/sign-in.js';
import { askBeforeLeaving, type Unsent } from './uploads/uploads.js';

const app = document.getElementById('app') ?? document.body.appendChild(element('div'));

// the browser may bring back the page as it was left for the sign-in
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

const url = takeUrl();
await start();

async function start(): Promise<void> {
  let config: Config;
  try {
    config = await loadConfig();
  } catch {
    showNotice(app, {
      title: 'This page could not start',
      text: 'Check your connection and try again.',
      action: { label: 'Try again', run: start },
    });
    return;
  }
  const client = createSignIn(config);
  const { token, problem: found } = resume(client, url);
  const isCallback = url !== location.href;
  if (isCallback && (await returnToStart(found))) return;
  const problem = found ?? takeProblem();
  if (!token) return showSignedOut(client, problem);

  showFiles(client, config, token);
  if (problem !== undefined) announceProblem(problem);
}

function showFiles(client: ImplicitGrantClient, config: Config, token: Token, unsent: readonly Unsent[] = []): void {
  const session = createSession(token, config.baseUrl, (how) => {
    client.signOut();
    clearMessages();
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    const left = how === 'expired' ? uploads.unsent() : [];
    if (left.length > 0) showInterrupted({ client, config, left, username: session.username });
    else showSignedOut(client, how === 'expired' ? 'Your session has ended. Sign in again to continue.' : undefined);
  });
  const uploads = showLibrary(app, session, unsent);
}

interface Interrupted {
  client: ImplicitGrantClient;
  config: Config;
  /** The files that are not uploaded yet. */
  left: readonly Unsent[];
  /** The user whose files these are, if known. */
  username: string | undefined;
}

/** Signs in in a window of its own, because only this page can still read the files. */
function showInterrupted({ client, config, left, username }: Interrupted): void {
  addEventListener('beforeunload', askBeforeLeaving);
  showNotice(app, {
    title: 'Sign in to continue your uploads',
    text: `Keep this page open: ${left.length === 1 ? 'one file is' : `${left.length} files are`} not uploaded yet.`,
    problem: 'Your session has ended.',
    action: {
      label: 'Sign in',
      async run() {
        clearMessages();
        try {
          const token = await client.signInWithPopup();
          const account = await new ApiClient({ token, baseUrl: config.baseUrl }).account.get();
          if (username !== undefined && account.username !== username) {
            client.signOut();
            announceProblem(
              `You signed in as ${account.username}, but these are files of ${username}. Sign in as ${username}.`,
            );
            return;
          }
          removeEventListener('beforeunload', askBeforeLeaving);
          showFiles(client, config, token, left);
        } catch (error) {
          announceProblem(explainSignIn(error));
        }
      },
    },
    note: 'The sign-in opens in a new window.',
  });
}

function showSignedOut(client: ImplicitGrantClient, problem?: string): void {
  showNotice(app, {
    title: 'Your files, wherever you are',
    text: 'Sign in with your doctape account to view, share and upload files.',
    problem,
    action: {
      label: 'Sign in',
      run() {
        try {
          leaveForSignIn(client.authorize().url);
        } catch (error) {
          announceProblem(explainSignIn(error));
        }
      },
    },
    note: 'You enter your password on a page of doctape. This app never sees it.',
  });
}
