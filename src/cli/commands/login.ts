import { createInterface } from 'node:readline/promises';
import { password, text } from '@clack/prompts';
import { ApiClient, ConfigurationError, type Token } from '../../index.js';
import { signInWithLoopback } from '../../node.js';
import { createSandbox } from '../../sandbox.js';
import { AuthorizationCodeClient } from '../../server.js';
import { ask } from '../core/ask.js';
import { isInteractive, printJson, UsageError } from '../core/command.js';
import { removeSession, writeSession } from '../core/session.js';
import { printable } from '../terminal/printable.js';

export interface LoginFlags {
  clientId?: string;
  sandbox?: string | true;
  authorizationEndpoint?: string;
  tokenEndpoint?: string;
  baseUrl?: string;
  browser: boolean;
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

const scope = ['account.read', 'file.read', 'file.create', 'file.delete'];

/** `doctape-sdk login`: signs in by the browser, and keeps the token for the other commands. */
export async function login(signal: AbortSignal, flags: LoginFlags): Promise<void> {
  const { issuer, baseUrl, ...oauth } = endpointsOf(flags);
  let token: Token | undefined;
  // now: an address that is refused after the user has signed in is refused too late
  const api = new ApiClient({ token: () => token ?? '', baseUrl });
  if (issuer !== undefined) await checkSandbox(issuer, signal);
  const application = await applicationOf(flags, signal);
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
          const invitation = flags.browser ? 'Sign in in your browser. If none comes up, open' : 'To sign in, open';
          console.error(`${invitation}\n${url}`);
        },
      });
  const { username } = await api.account.get({ signal });
  await writeSession({ baseUrl, ...oauth, clientId: application.clientId, token });
  if (flags.json) printJson({ username, baseUrl });
  else console.log(`Signed in as ${printable(username)} at ${baseUrl}`);
}

/** `doctape-sdk logout`: forgets the token. */
export async function logout(_signal: AbortSignal, { json }: { json?: boolean }): Promise<void> {
  const was = await removeSession();
  if (json) printJson({ signedOut: was });
  else console.log(was ? 'Signed out: the token is deleted from this machine' : 'Nobody was signed in');
}

/** doctape's own, unless flags say otherwise. */
function endpointsOf({ sandbox, authorizationEndpoint, tokenEndpoint, baseUrl }: LoginFlags): Endpoints {
  const given = [authorizationEndpoint, tokenEndpoint, baseUrl].filter((endpoint) => endpoint !== undefined);
  if (given.length > 0 && sandbox !== undefined)
    throw new UsageError('--sandbox says where everything is: leave the rest out');
  if (authorizationEndpoint !== undefined && tokenEndpoint !== undefined && baseUrl !== undefined) {
    return { authorizationEndpoint, tokenEndpoint, baseUrl };
  }
  // with one of them forgotten, one server's credentials would go to another
  if (given.length > 0) throw new UsageError('--authorization-endpoint, --token-endpoint and --base-url go together');
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

/** The paths are put behind it, and it is printed: so nothing but where it is, and no credentials. */
function plainUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && !/[@?#]/.test(text) && /^https?:$/.test(url.protocol)) return text;
  throw new UsageError(
    '--sandbox must be a URL without credentials, query and fragment, such as http://127.0.0.1:4400',
  );
}

/** Whether anything answers there: else the user would be sent to a page that does not come. */
async function checkSandbox(url: string, signal: AbortSignal): Promise<void> {
  try {
    await (await fetch(url, { method: 'HEAD', redirect: 'manual', signal })).body?.cancel();
  } catch {
    signal.throwIfAborted();
    const remedy = 'start a local doctape with doctape-sdk sandbox';
    throw new ConfigurationError('invalid_argument', `nothing answers at ${new URL(url).origin}: ${remedy}`);
  }
}

/** A secret never comes from the command line, which everybody on the machine can read. */
async function applicationOf({ clientId, sandbox }: LoginFlags, signal: AbortSignal): Promise<Application> {
  const clientSecret = process.env.DOCTAPE_CLIENT_SECRET;
  if (clientId === undefined) {
    if (sandbox === undefined) {
      throw new UsageError(
        'login needs the --client-id of your application, or --sandbox to sign in at a local doctape',
      );
    }
    const builtIn = createSandbox().apps.find(({ type }) => type === 'server');
    if (!builtIn) throw new Error('the sandbox has no server app');
    return { clientId: builtIn.clientId, clientSecret: builtIn.clientSecret };
  }
  if (clientSecret) return { clientId, clientSecret };
  if (!isInteractive()) return { clientId };
  const message = 'Client secret (leave it empty if your application has none)';
  const answer = await ask<string>(signal, (ended) => password({ message, output: process.stderr, signal: ended }));
  return answer ? { clientId, clientSecret: answer } : { clientId };
}

/** For a machine whose browser cannot come back: the server shows a code (wire document section 2.5). */
async function signInByPaste(
  options: Application & { authorizationEndpoint: string; tokenEndpoint: string; scope: string[] },
  signal: AbortSignal,
): Promise<Token> {
  const client = new AuthorizationCodeClient({ ...options, redirectUri: 'urn:ietf:wg:oauth:2.0:oob' });
  const { url, state, pending } = await client.authorize();
  console.error(`To sign in, open\n${url}\nand paste the code that it shows.`);
  const code = (await askForCode(signal)).trim().replace(/^code=/, '');
  // there is no callback: whoever pastes the code here is the one who began
  return client.exchange(new URLSearchParams({ code, state }), pending, { signal });
}

async function askForCode(signal: AbortSignal): Promise<string> {
  if (!isInteractive()) {
    const lines = createInterface({ input: process.stdin, signal });
    try {
      for await (const line of lines) return line;
      signal.throwIfAborted();
      throw new UsageError('no code came on stdin');
    } finally {
      lines.close();
      process.stdin.destroy();
    }
  }
  return ask<string>(signal, (ended) => text({ message: 'Code', output: process.stderr, signal: ended }));
}
