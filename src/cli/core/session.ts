import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { ApiClient, ConfigurationError, type Token } from '../../index.js';
import { CommandError, systemCode } from './errors.js';

/** The token of the user, and the endpoints it is for. */
export interface Session {
  baseUrl: string;
  authorizationEndpoint: string;
  tokenEndpoint: string;
  clientId: string;
  token: Token;
}

/**
 * Creates a client from the session file.
 *
 * @throws {CommandError} if the user is not signed in, or the session file cannot be read or is damaged
 */
export async function openSession(): Promise<{ api: ApiClient; session: Session }> {
  const file = sessionFile();
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') throw new CommandError('you are not signed in: run `npx doctape-sdk login`');
    throw new CommandError(
      `${file} cannot be read (${systemCode(error)}): remove it, then run \`npx doctape-sdk login\``,
    );
  }
  const session = parseSession(text);
  const api = session && clientFor(session);
  if (!api) throw new CommandError(`${file} is damaged: run \`npx doctape-sdk login\``);
  return { api, session };
}

function parseSession(text: string): Session | undefined {
  try {
    const session: Partial<Session> | null = JSON.parse(text);
    const { baseUrl, authorizationEndpoint, tokenEndpoint, clientId, token } = session ?? {};
    const texts = [baseUrl, authorizationEndpoint, tokenEndpoint, clientId, token?.access_token];
    return texts.every((value) => typeof value === 'string') ? (session as Session) : undefined;
  } catch {
    return undefined; // the error of JSON.parse() would quote the token
  }
}

function clientFor({ token, baseUrl }: Session): ApiClient | undefined {
  try {
    return new ApiClient({ token, baseUrl });
  } catch (error) {
    if (error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

/** Writes the session file so that only the user can read it. The file is replaced atomically. */
export async function writeSession(session: Session): Promise<void> {
  const file = sessionFile();
  const temporary = `${file}.${randomUUID()}`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await chmod(dirname(file), 0o700);
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(session, null, 2)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new CommandError(
      `${file} cannot be written (${systemCode(error)}): check the folder, then run the command again`,
    );
  }
}

/** @returns whether there was a session */
export async function removeSession(): Promise<boolean> {
  const file = sessionFile();
  try {
    await rm(file);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw new CommandError(`${file} cannot be removed (${systemCode(error)}): remove it yourself`);
  }
}

/** In the platform's folder for settings. */
function sessionFile(): string {
  return join(configFolder(), 'doctape-sdk', 'session.json');
}

function configFolder(): string {
  const { XDG_CONFIG_HOME, APPDATA } = process.env;
  if (process.platform === 'win32') return APPDATA || join(home(), 'AppData', 'Roaming');
  if (process.platform === 'darwin') return join(home(), 'Library', 'Application Support');
  return XDG_CONFIG_HOME && isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(home(), '.config');
}

function home(): string {
  try {
    return homedir();
  } catch {
    return '/'; // the system does not know the user, as in some containers. Writing there fails with a clear error
  }
}
