import { readFile } from 'node:fs/promises';
import { ConfigurationError } from '../../index.js';
import type { Quirk } from '../../sandbox.js';
import { type ServedSandbox, type ServeOptions, serveSandbox } from '../../serve.js';
import { noAddress, printJson, UsageError } from '../core/command.js';

export interface SandboxFlags {
  port: number;
  host: string;
  allowHost?: string[];
  data?: string;
  adopt?: string;
  config?: string;
  autoApprove?: string;
  faults?: string;
  quirks?: string;
  json?: boolean;
}

/** `doctape-sdk sandbox`: serves until it is told to stop. */
export async function sandbox({
  port,
  host,
  allowHost,
  data,
  adopt,
  config,
  autoApprove,
  faults,
  quirks,
  json,
}: SandboxFlags): Promise<void> {
  noAddress('--data takes a folder of this machine', [data]);
  const served = await serveSandbox({
    port,
    host,
    ...(allowHost !== undefined && { allowedHosts: allowHost }),
    ...(config !== undefined && (await readConfigFile(config))),
    ...(data !== undefined && { data }),
    ...(adopt !== undefined && { adopt }),
    ...(autoApprove !== undefined && { autoApprove }),
    ...(faults !== undefined && { faults }),
    ...(quirks !== undefined && { quirks: quirks.split(',').map((name) => name.trim()) as Quirk[] }), // checked by the sandbox
  });
  if (!/^(127(\.\d+){3}|localhost|::1)$/.test(host)) {
    console.error(
      `Warning: ${host} can be reached from other machines, and the sandbox sends passwords and tokens in the clear.`,
    );
  }
  stopOnSignal(served.close);
  if (json) printJson(describe(served));
  else console.log(introduction(served, data));
}

/** Everything a program needs to use the sandbox. */
function describe({ url, sandbox }: ServedSandbox) {
  return {
    url,
    authorizationEndpoint: `${url}/oauth2`,
    tokenEndpoint: `${url}/oauth2/token`,
    apiBaseUrl: `${url}/v1`,
    apps: sandbox.apps.map(({ clientId, clientSecret, type, redirectUris }) => ({
      clientId,
      clientSecret,
      type,
      redirectUris,
    })),
    users: sandbox.users.map(({ username, password }) => ({ username, password })),
  };
}

function introduction(served: ServedSandbox, data: string | undefined): string {
  const { url, authorizationEndpoint, tokenEndpoint, apiBaseUrl, users } = describe(served);
  const where =
    data === undefined ? 'in memory: all is gone when it stops (keep it with --data FOLDER)' : `kept in ${data}`;
  return [
    `doctape sandbox on ${url}, ${where}`,
    '',
    `  authorizationEndpoint  ${authorizationEndpoint}`,
    `  tokenEndpoint          ${tokenEndpoint}`,
    `  baseUrl                ${apiBaseUrl}`,
    '',
    ...users.map(({ username, password }) => `  user  ${username}, password ${password}`),
    ...served.sandbox.apps.flatMap(({ name, type, clientId, clientSecret }) => [
      `  app   ${name} (${type})`,
      `        clientId      ${clientId}`,
      ...(clientSecret === undefined ? [] : [`        clientSecret  ${clientSecret}`]),
    ]),
    '',
    'Stop it with Ctrl+C.',
  ].join('\n');
}

async function readConfigFile(path: string): Promise<Pick<ServeOptions, 'users' | 'apps'>> {
  // it is quoted when it cannot be read
  if (/:\/\/|[{"]/.test(path))
    throw new UsageError('--config takes the name of a file, not an address and not its text');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? error.code : 'unknown reason';
    throw new ConfigurationError('invalid_argument', `--config ${path} cannot be read (${reason})`);
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw new ConfigurationError('invalid_argument', `--config ${path} is no JSON`); // the parser would quote the secrets in it
  }
  const known = ['users', 'apps'];
  if (
    typeof config !== 'object' ||
    config === null ||
    Array.isArray(config) ||
    Object.keys(config).some((key) => !known.includes(key))
  ) {
    throw new ConfigurationError(
      'invalid_argument',
      `--config ${path} must hold an object with users and apps, and nothing else`,
    );
  }
  return config;
}

/** Closes the sandbox when the process is told to end. */
export function stopOnSignal(close: () => Promise<void>): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      close().catch((error: unknown) => {
        console.error(
          `doctape-sdk: the sandbox did not shut down cleanly (${error instanceof Error ? error.name : error})`,
        );
        process.exitCode = 1;
      });
    });
  }
}
