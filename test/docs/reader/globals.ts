import { ApiClient, type Token } from 'doctape-sdk';

/** The URL of the reader's API, their token, and the id of one of their files. */
export interface BlockGlobals {
  baseUrl: string;
  token: Token;
  id: string;
}

/**
 * Defines the globals that test/docs/names.ts declares, in Node or in a browser. The functions of the reader's application
 * print that they were called.
 */
export function defineGlobals({ baseUrl, token, id }: BlockGlobals): void {
  const prints =
    (name: string) =>
    (...words: unknown[]): void =>
      console.log([name, ...words].join(' '));
  Object.assign(globalThis, {
    api: new ApiClient({ token, baseUrl }),
    token,
    pending: 'a-sign-in-under-way',
    request: new Request('http://localhost:3000/callback?code=a-code&state=a-state'),
    id,
    file: new File(['hello'], 'notes.txt', { type: 'text/plain' }),
    total: 0,
    show: async (api: ApiClient, path?: string) => prints('show')((await api.account.get()).username, path),
    showAlert: prints('showAlert'),
    signInAgain: prints('signInAgain'),
    later: prints('later'),
  });
  if (!('document' in globalThis)) return;
  Object.assign(globalThis, { button: document.querySelector('button'), image: document.querySelector('img') });
}
