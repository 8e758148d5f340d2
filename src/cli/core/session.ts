import { randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { ConfigurationError, type Token } from '../../index.js';

/** Who is signed in, and where. */
export interface Session {
  baseUrl: string;
  authorizationEndpoint: string;
  tokenEndpoint: string;
  clientId: string;
  token: Token;
}

/** The platform's place for the settings of programs. */
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
    return '/'; // of a user whom the system does not know, as in a container: what cannot be written there is told
  }
}

/** @throws {ConfigurationError} when nobody is signed in */
export async function readSession(): Promise<Session> {
  const file = sessionFile();
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw problem('you are not signed in: run doctape-sdk login');
    throw problem(`${file} cannot be read (${codeOf(error)})`);
  }
  try {
    const session: Partial<Session> | null = JSON.parse(text);
    const { baseUrl, authorizationEndpoint, tokenEndpoint, clientId, token } = session ?? {};
    const texts = [baseUrl, authorizationEndpoint, tokenEndpoint, clientId, token?.access_token];
    if (texts.every((value) => typeof value === 'string')) return session as Session;
  } catch {
    // told below: the parser would quote the token
  }
  throw problem(`${file} is damaged: run doctape-sdk login`);
}

/** Keeps a session where nobody else can read it. Another process sees the old one or the new one. */
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
    throw problem(`${file} cannot be written (${codeOf(error)})`);
  }
}

/** @returns whether somebody was signed in */
export async function removeSession(): Promise<boolean> {
  const file = sessionFile();
  try {
    await rm(file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw problem(`${file} cannot be removed (${codeOf(error)})`);
  }
}

function problem(message: string): ConfigurationError {
  return new ConfigurationError('invalid_argument', message);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
}
