import type { Rendition } from '../../index.js';
import { refuseUrls } from '../core/arguments.js';
import type { JsonFlag } from '../core/define.js';
import { fileFinder } from '../core/find-files.js';
import { openSession } from '../core/session.js';
import { note, print, printJson } from '../terminal/output.js';

/** `doctape-sdk url` */
export async function url(
  signal: AbortSignal,
  given: string,
  rendition: Rendition | undefined,
  { json }: JsonFlag,
): Promise<void> {
  refuseUrls('url takes an id or a name, as printed by ls', [given]);
  const { api } = await openSession();
  const id = await fileFinder(api, signal).idOf(given);
  const { href } = api.files.url(id, rendition);
  if (process.stderr.isTTY) note('This URL contains your token. Anyone who has it can act on your behalf.');
  if (json) printJson({ file: given, id, url: href });
  else print(href);
}
