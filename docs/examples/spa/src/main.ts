import type { ImplicitGrantClient } from 'doctape-sdk/browser';
import { type Config, loadConfig } from './config.js';
import { element } from './element.js';
import { showLibrary } from './library.js';
import { announceProblem, clearMessages } from './messages.js';
import { showNotice } from './notice.js';
import { createSession } from './session.js';
import { createSignIn, explainSignIn, resume, takeAddress } from './sign-in.js';

const app = document.getElementById('app') ?? document.body.appendChild(element('div'));

const address = takeAddress();
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
  const { token, problem } = resume(client, address);
  if (!token) return showSignedOut(client, problem);

  const session = createSession(token, config.baseUrl, (how) => {
    client.signOut();
    clearMessages();
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    showSignedOut(client, how === 'expired' ? 'Your session has ended. Sign in again to go on.' : undefined);
  });
  showLibrary(app, session);
  if (problem !== undefined) announceProblem(problem);
}

function showSignedOut(client: ImplicitGrantClient, problem?: string): void {
  showNotice(app, {
    title: 'Your files, wherever you are',
    text: 'Sign in with your doctape account to look at your files, share them and add more.',
    problem,
    action: {
      label: 'Sign in',
      run() {
        try {
          client.signIn();
        } catch (error) {
          announceProblem(explainSignIn(error));
        }
      },
    },
    note: 'You will be asked on a page of doctape. Your password stays there.',
  });
}
