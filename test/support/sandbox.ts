import { afterAll } from 'vitest';
import { ApiClient, type ApiClientOptions, scopes, type Token } from '../../src/index.js';
import { createSandbox, type Sandbox, type SandboxApp, type SandboxOptions } from '../../src/sandbox.js';
import { type ServedSandbox, type ServeOptions, serveSandbox } from '../../src/serve.js';
import { AuthorizationCodeClient, type AuthorizationCodeClientOptions } from '../../src/server.js';

/** Serves a sandbox on a free port. It is closed after the tests of the file. */
export async function served(options: ServeOptions = {}): Promise<ServedSandbox> {
  const server = await serveSandbox({ port: 0, ...options });
  afterAll(() => server.close());
  return server;
}

/** The origin of requests to a sandbox that is not served. */
export const origin = 'http://localhost';

export function appOf(sandbox: Sandbox, type: SandboxApp['type']): SandboxApp {
  const app = sandbox.apps.find((candidate) => candidate.type === type);
  if (!app) throw new Error(`the sandbox has no ${type} app`);
  return app;
}

export const allScopes: string[] = [...scopes];

/** A client for the sandbox's server app. */
export function codeClient(
  sandbox: Sandbox,
  url: string = origin,
  options: Partial<AuthorizationCodeClientOptions> = {},
): AuthorizationCodeClient {
  const app = appOf(sandbox, 'server');
  return new AuthorizationCodeClient({
    clientId: app.clientId,
    ...(app.clientSecret !== undefined && { clientSecret: app.clientSecret }),
    redirectUri: 'http://localhost:3000/callback',
    scope: allScopes,
    authorizationEndpoint: `${url}/oauth2`,
    tokenEndpoint: `${url}/oauth2/token`,
    ...(url === origin && { fetch: sandbox.fetch }),
    ...options,
  });
}

/** Signs in without a browser. */
export async function tokenFor(
  sandbox: Sandbox,
  username: string,
  scope: string[] = allScopes,
  url: string = origin,
): Promise<Token> {
  const client = codeClient(sandbox, url, { scope });
  const { url: authorizationUrl, pending } = await client.authorize();
  return client.exchange(await sandbox.authorize(authorizationUrl, { username }), pending);
}

export interface SignedInUser {
  api: ApiClient;
  /** The access token. */
  token: string;
}

/** Signs in to a served sandbox. */
export async function signIn({ url, sandbox }: ServedSandbox, username: string): Promise<SignedInUser> {
  const token = await tokenFor(sandbox, username, undefined, url);
  return { api: new ApiClient({ token, baseUrl: `${url}/v1`, retry: false }), token: token.access_token };
}

/** A sandbox that is not served, and a client of alice. */
export async function inProcess(
  options: SandboxOptions = {},
  clientOptions: Partial<ApiClientOptions> = {},
): Promise<{ sandbox: Sandbox; api: ApiClient; token: Token }> {
  const sandbox = createSandbox(options);
  const token = await tokenFor(sandbox, 'alice');
  const api = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch, ...clientOptions });
  return { sandbox, api, token };
}
