import { readFile } from 'node:fs/promises';
import { ConfigurationError } from '../../index.js';
import { createSandbox, type LoggedRequest, type Quirk } from '../../sandbox.js';
import {
  type ConverterProgram,
  type Decoder,
  type ServedSandbox,
  type ServeOptions,
  serveSandbox,
} from '../../serve.js';
import { refuseUrls } from '../core/arguments.js';
import { CommandError, namingFlags, systemCode, UsageError } from '../core/errors.js';
import { printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';

export interface SandboxFlags {
  port: number;
  host: string;
  allowHost?: string[];
  data?: string;
  adopt?: string;
  convert?: boolean;
  config?: string;
  autoApprove?: string;
  faults?: string;
  quirks?: string;
  quiet?: boolean;
  json?: boolean;
}

/** The flags, by the option of `serveSandbox` that each one sets. Without `--port`: an error about it means that the port is in use. */
const flags = new Map([
  ['host', '--host'],
  ['allowedHosts', '--allow-host'],
  ['adopt', '--adopt'],
  ['autoApprove', '--auto-approve'],
  ['faults', '--faults'],
  ['quirks', '--quirks'],
]);

/** `doctape-sdk sandbox`: serves until a signal arrives. */
export async function sandbox({
  port,
  host,
  allowHost,
  data,
  adopt,
  convert,
  config,
  autoApprove,
  faults,
  quirks,
  quiet,
  json,
}: SandboxFlags): Promise<void> {
  refuseUrls('--data takes a local folder', [data]);
  if (data === '') throw new UsageError('--data is empty: it must be a folder');
  const usersAndApps = config === undefined ? {} : await readConfigFile(config);
  const served = await namingFlags(flags, () =>
    serveSandbox({
      ...usersAndApps,
      port,
      host,
      allowedHosts: allowHost,
      data,
      adopt,
      converters: convert,
      autoApprove,
      faults,
      quirks: quirks?.split(',').map((name) => name.trim()) as Quirk[] | undefined, // serveSandbox checks them
      log: quiet ? undefined : logRequest,
    }),
  );
  if (!/^(127(\.\d+){3}|localhost|::1)$/.test(host)) {
    console.error(
      `Warning: ${host} can be reached from other machines, and the sandbox sends passwords and tokens unencrypted.`,
    );
  }
  stopOnSignal(served.close);
  if (json) printJson(describe(served));
  else console.log(introduction(served, data));
}

/** Logs a request in one line on stderr. */
function logRequest({ time, method, path, status, durationMs, username, clientId }: LoggedRequest): void {
  const user = username === undefined ? '' : ` ${username} ${clientId}`;
  console.error(printable(`${time.toISOString()} ${method} ${path} ${status} ${Math.round(durationMs)} ms${user}`));
}

/** What a program needs to use the sandbox. */
function describe({ url, sandbox, decoders, converters }: ServedSandbox) {
  return {
    url,
    authorizationEndpoint: `${url}/oauth2`,
    tokenEndpoint: `${url}/oauth2/token`,
    apiBaseUrl: `${url}/v1`,
    viewBaseUrl: `${url}/sandbox`,
    apps: sandbox.apps.map(({ clientId, clientSecret, type, redirectUris }) => ({
      clientId,
      clientSecret,
      type,
      redirectUris,
    })),
    users: sandbox.users.map(({ username, password }) => ({ username, password })),
    decoders: decoders(),
    converters: converters(),
  };
}

/** Says whether an optional package was found, and what it adds. */
function describeDecoder({ name, status, reason }: Decoder): string {
  const formats = name === 'sharp' ? 'WebP, AVIF, TIFF and SVG, and faster JPEG and PNG' : 'HEIC';
  if (status === 'found') return `  ${name} found: thumbnails of ${formats}`;
  if (status === 'broken') return `  ${name} cannot be loaded (${reason}): no thumbnails of ${formats}`;
  return `  ${name} not found: for thumbnails of ${formats}, run npm install ${name}`;
}

/** Says whether a program was found, and what it converts. */
function describeConverter({ name, status, path, reason }: ConverterProgram): string {
  const files = name === 'ffmpeg' ? 'audio and video' : 'office files and text';
  if (status === 'found') return `  ${name} found (${path}): converts ${files}`;
  if (status === 'broken') return `  ${name} cannot be used (${path}: ${reason}): does not convert ${files}`;
  return `  ${name} not found: to convert ${files}, install ${name === 'ffmpeg' ? 'FFmpeg' : 'LibreOffice'} so that ${name} is on the PATH`;
}

function introduction(served: ServedSandbox, data: string | undefined): string {
  const { url, authorizationEndpoint, tokenEndpoint, apiBaseUrl, viewBaseUrl, users, decoders, converters } =
    describe(served);
  const storage =
    data === undefined ? 'in memory: everything is lost when it stops (use --data FOLDER to keep it)' : `in ${data}`;
  return [
    `doctape sandbox at ${url}`,
    `Files are stored ${storage}`,
    '',
    `  authorizationEndpoint  ${authorizationEndpoint}`,
    `  tokenEndpoint          ${tokenEndpoint}`,
    `  baseUrl                ${apiBaseUrl}`,
    `  baseUrl (ViewClient)   ${viewBaseUrl}`,
    '',
    ...users.map(({ username, password }) => `  user  ${username}, password ${password}`),
    ...served.sandbox.apps.flatMap(({ name, type, clientId, clientSecret }) => [
      `  app   ${name} (${type})`,
      `        clientId      ${clientId}`,
      ...(clientSecret === undefined ? [] : [`        clientSecret  ${clientSecret}`]),
    ]),
    '',
    ...decoders.map(describeDecoder),
    ...converters.map(describeConverter),
    '',
    'Press Ctrl+C to stop.',
  ].join('\n');
}

async function readConfigFile(path: string): Promise<Pick<ServeOptions, 'users' | 'apps'>> {
  // the messages below quote the path
  if (/:\/\/|[{"]/.test(path)) throw new UsageError('--config takes the path of a file, not a URL and not JSON');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new CommandError(`--config ${path} cannot be read (${systemCode(error)})`);
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch {
    throw new CommandError(`--config ${path} is not valid JSON`); // the error of JSON.parse() would quote secrets
  }
  const known = ['users', 'apps'];
  if (
    typeof config !== 'object' ||
    config === null ||
    Array.isArray(config) ||
    Object.keys(config).some((key) => !known.includes(key))
  ) {
    throw new CommandError(`--config ${path} must contain an object with the keys users and apps, and no others`);
  }
  try {
    createSandbox(config);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new CommandError(`--config ${path} is invalid: ${error.message}`);
    throw error;
  }
  return config;
}

/** Closes the sandbox on SIGINT and SIGTERM. */
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
