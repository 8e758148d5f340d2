import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ApiClient, type Token } from 'doctape-sdk';
import { backupAccount } from './backup-account.ts';

const usage = `Usage: node backup.ts FOLDER [--concurrency N] [--verify] [--json]

Set DOCTAPE_SESSION to the file that "doctape-sdk login" has written, or
DOCTAPE_TOKEN to an access token and DOCTAPE_API_URL to the URL of the API, such as http://127.0.0.1:4400/v1.`;

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted: run it again to continue')));
process.once('SIGTERM', () => interrupted.abort(new Error('interrupted: run it again to continue')));

try {
  const { folder, concurrency, verify, json } = readArguments();
  const summary = await backupAccount(await signedIn(), folder, {
    concurrency,
    verify,
    signal: interrupted.signal,
    onFile: (path, problem) => console.error(problem === undefined ? path : `${path}: ${problem}`),
  });
  const { files, unchanged, saved, bytes, failed, kept } = summary;
  if (json) console.log(JSON.stringify({ folder, ...summary }));
  else {
    console.log(`${files} files: ${unchanged} unchanged, ${saved} saved (${bytes} bytes), ${failed.length} failed`);
    if (kept > 0) console.log(`${kept} more are no longer in the account and stay in the backup`);
  }
  if (failed.length > 0) process.exitCode = 1;
} catch (error) {
  console.error(`backup: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

function readArguments(): { folder: string; concurrency: number; verify: boolean; json: boolean } {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      concurrency: { type: 'string', default: '4' },
      verify: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [folder] = positionals;
  const concurrency = Number(values.concurrency);
  if (folder === undefined || positionals.length > 1 || !(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new Error(usage);
  }
  return { folder, concurrency, verify: values.verify, json: values.json };
}

/** Reads the token from the environment or a file: command lines are visible to all users of the machine. */
async function signedIn(): Promise<ApiClient> {
  const { DOCTAPE_SESSION, DOCTAPE_TOKEN, DOCTAPE_API_URL } = process.env;
  if (DOCTAPE_SESSION) {
    const { token, baseUrl } = readSession(await readFile(DOCTAPE_SESSION, 'utf8'));
    return new ApiClient({ token, baseUrl });
  }
  if (!DOCTAPE_TOKEN) throw new Error(usage);
  if (!DOCTAPE_API_URL) {
    // the default of the SDK is api.doctape.com, a domain that anyone may register in the future
    throw new Error('DOCTAPE_API_URL is not set: set it to the URL of the API, such as http://127.0.0.1:4400/v1');
  }
  return new ApiClient({ token: DOCTAPE_TOKEN, baseUrl: DOCTAPE_API_URL });
}

function readSession(text: string): { token: Token; baseUrl: string } {
  try {
    const { token, baseUrl } = JSON.parse(text);
    if (typeof baseUrl === 'string') return { token, baseUrl };
  } catch {
    // reported below, because the error of the parser quotes the token
  }
  throw new Error('DOCTAPE_SESSION is not a file of "doctape-sdk login"');
}
