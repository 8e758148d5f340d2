import { refuseUrls } from '../core/arguments.js';
import { fileFinder } from '../core/find-files.js';
import { openUrl } from '../core/open-url.js';
import { openSession } from '../core/session.js';
import { note } from '../terminal/output.js';
import { serveFile } from './serve-file.js';

/**
 * `doctape-sdk open`: shows a file in the browser. A private file is served from this machine, because a URL of the API contains the
 * token, which would be visible in the list of processes and in the history of the browser.
 */
export async function open(signal: AbortSignal, given: string, { browser }: { browser: boolean }): Promise<void> {
  refuseUrls('open takes an id or a name, as printed by ls', [given]);
  const { api } = await openSession();
  const file = await fileFinder(api, signal).find(given);
  const served = file.public_url === null ? await serveFile(api, file, signal) : undefined;
  const url = served?.url ?? file.public_url ?? '';
  note(url);
  if (browser) await openUrl(url).catch(() => note('The browser could not be opened: visit this URL.'));
  if (!served) return;
  note('Press Ctrl+C when you do not need it any more.');
  await served.ended;
}
