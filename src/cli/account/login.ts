import { createInterface } from 'node:readline/promises';
import { password, text } from '@clack/prompts';
import ky from 'ky';
import { ApiClient, NetworkError, type Scope, type Token } from '../../index.js';
import { signInWithLoopback } from '../../node.js';
import { createSandbox } from '../../sandbox.js';
import { AuthorizationCodeClient } from '../../server.js';
import { namingFlags, UsageError } from '../core/errors.js';
import { ask, isInteractive } from '../core/prompt.js';
import { removeSession, writeSession } from '../core/session.js';
import { note, print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';

export interface LoginFlags {
  clientId?: string;
  sandbox?: string | true;
  authorizationEndpoint?: string;
  tokenEndpoint?: string;
  baseUrl?: string;
  browser: boolean;
  readOnly?: boolean;
  paste?: boolean;
  json?: boolean;
}

interface Application {
  clientId: string;
  clientSecret?: string | undefined;
}

interface Endpoints {
  authorizationEndpoint: string;
  tokenEndpoint: string;
  baseUrl: string;
  issuer?: string | undefined;
}

/** What the commands need. */
const readScopes = ['account.read', 'file.read', 'tape.read'] satisfies Scope[];
const changeScopes = ['file.create', 'file.update', 'file.delete', 'tape.update'] satisfies Scope[];

/** `doctape-sdk login`: signs in with a browser, and stores the token for the other commands. */
export async function login(signal: AbortSignal, flags: LoginFlags): Promise<void> {
  const endpoints = endpointsOf(flags);
  const username = await namingFlags(flagsOf(flags), () => signIn(endpoints, flags, signal));
  if (flags.json) printJson({ username, baseUrl: endpoints.baseUrl });
  else print(`Signed in as ${printable(username)} at ${endpoints.baseUrl}`);
}

/** @returns the name of the user */
async function signIn(endpoints: Endpoints, flags: LoginFlags, signal: AbortSignal): Promise<string> {
  const { issuer, baseUrl, ...oauth } = endpoints;
  let token: Token | undefined;
  // created first, so that a wrong base URL is refused before the user signs in
  const api = new ApiClient({ token: () => token ?? '', baseUrl });
  if (issuer !== undefined) await checkSandbox(issuer, signal);
  const application = await applicationOf(flags, signal);
  const scope = flags.readOnly ? readScopes : [...readScopes, ...changeScopes];
  token = flags.paste
    ? await signInByPaste({ ...application, ...oauth, scope }, signal)
    : await signInWithLoopback({
        ...application,
        ...oauth,
        scope,
        issuer,
        signal,
        ...(!flags.browser && { open() {} }),
        onUrl: (url) => {
          explain(scope);
          const instruction = flags.browser
            ? 'Sign in in your browser. If it does not open, visit'
            : 'To sign in, visit';
          note(`${instruction}\n${url}`);
        },
      });
  const { username } = await api.account.get({ signal });
  await writeSession({ baseUrl, ...oauth, clientId: application.clientId, token });
  return username;
}

function explain(scope: readonly string[]): void {
  note(`The commands need these permissions: ${scope.join(', ')}`);
}

/** `doctape-sdk logout`: deletes the stored token. */
export async function logout(_signal: AbortSignal, { json }: { json?: boolean }): Promise<void> {
  const signedOut = await removeSession();
  if (json) printJson({ signedOut });
  else print(signedOut ? 'Signed out. The stored token was deleted.' : 'You were not signed in.');
}

/** The endpoints that the flags select. Without flags, those of doctape. */
function endpointsOf({ sandbox, authorizationEndpoint, tokenEndpoint, baseUrl }: LoginFlags): Endpoints {
  const given = [authorizationEndpoint, tokenEndpoint, baseUrl].filter((endpoint) => endpoint !== undefined);
  if (given.length > 0 && sandbox !== undefined)
    throw new UsageError('--sandbox sets all endpoints: remove the other endpoint flags');
  if (authorizationEndpoint !== undefined && tokenEndpoint !== undefined && baseUrl !== undefined) {
    return { authorizationEndpoint, tokenEndpoint, baseUrl };
  }
  // otherwise the credentials for one server would be sent to another
  if (given.length > 0)
    throw new UsageError('use --authorization-endpoint, --token-endpoint and --base-url together, or none of them');
  if (sandbox === undefined) {
    return {
      authorizationEndpoint: 'https://my.doctape.com/oauth2',
      tokenEndpoint: 'https://my.doctape.com/oauth2/token',
      baseUrl: 'https://api.doctape.com/v1',
    };
  }
  const issuer = sandbox === true ? 'http://127.0.0.1:4400' : plainUrl(sandbox).replace(/\/+$/, '');
  return {
    authorizationEndpoint: `${issuer}/oauth2`,
    tokenEndpoint: `${issuer}/oauth2/token`,
    baseUrl: `${issuer}/v1`,
    issuer,
  };
}

/** The flags, by the option of the SDK that each one sets. */
function flagsOf({ sandbox }: LoginFlags): ReadonlyMap<string, string> {
  return new Map([
    ['clientId', '--client-id'],
    ['authorizationEndpoint', sandbox === undefined ? '--authorization-endpoint' : '--sandbox'],
    ['tokenEndpoint', sandbox === undefined ? '--token-endpoint' : '--sandbox'],
    ['baseUrl', sandbox === undefined ? '--base-url' : '--sandbox'],
  ]);
}

/** Paths are appended to this URL, and it is printed. So it must not have credentials, a query or a fragment. */
function plainUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && !/[@?#]/.test(text) && /^https?:$/.test(url.protocol)) return text;
  throw new UsageError('--sandbox must be a URL without credentials, query or fragment, such as http://127.0.0.1:4400');
}

/** Checks that the sandbox is running, because the browser would show a failed page otherwise. */
async function checkSandbox(url: string, signal: AbortSignal): Promise<void> {
  try {
    await ky.head(url, { redirect: 'manual', throwHttpErrors: false, retry: 0, signal });
  } catch {
    signal.throwIfAborted();
    throw new NetworkError(`there is no server at ${new URL(url).origin}: start one with \`npx doctape-sdk sandbox\``);
  }
}

/** The secret is never read from the command line, because other users of the machine can read it there. */
async function applicationOf({ clientId, sandbox }: LoginFlags, signal: AbortSignal): Promise<Application> {
  const clientSecret = process.env.DOCTAPE_CLIENT_SECRET;
  if (clientId === undefined) {
    if (sandbox === undefined) {
      throw new UsageError('login needs --client-id ID of your application, or --sandbox to use a local sandbox');
    }
    const builtIn = createSandbox().apps.find(({ type }) => type === 'server');
    if (!builtIn) throw new Error('the sandbox has no server app');
    return { clientId: builtIn.clientId, clientSecret: builtIn.clientSecret };
  }
  if (clientSecret) return { clientId, clientSecret };
  if (!isInteractive()) return { clientId };
  const message = 'Client secret (leave empty if your application has none)';
  const answer = await ask<string>(signal, (ended) => password({ message, output: process.stderr, signal: ended }));
  return answer ? { clientId, clientSecret: answer } : { clientId };
}

/** For a browser that cannot open the redirect URI: the server shows a code (wire document section 2.5). */
async function signInByPaste(
  options: Application & { authorizationEndpoint: string; tokenEndpoint: string; scope: string[] },
  signal: AbortSignal,
): Promise<Token> {
  const client = new AuthorizationCodeClient({ ...options, redirectUri: 'urn:ietf:wg:oauth:2.0:oob' });
  const { url, state, pending } = await client.authorize();
  explain(options.scope);
  note(`To sign in, visit\n${url}\nand paste the code that the page shows.`);
  const code = (await askForCode(signal)).trim().replace(/^code=/, '');
  // there is no callback to check: the user who started the sign-in pastes the code
  return client.exchange(new URLSearchParams({ code, state }), pending, { signal });
}

async function askForCode(signal: AbortSignal): Promise<string> {
  if (!isInteractive()) {
    const lines = createInterface({ input: process.stdin, signal });
    try {
      for await (const line of lines) return line;
      signal.throwIfAborted();
      throw new UsageError('stdin ended without a code');
    } finally {
      lines.close();
      process.stdin.destroy();
    }
  }
  return ask<string>(signal, (ended) => text({ message: 'Code', output: process.stderr, signal: ended }));
}
