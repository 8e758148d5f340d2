import type { ApiClient } from '../../index.js';
import { print, printJson } from '../terminal/output.js';
import { refuseUrls } from './arguments.js';
import type { JsonFlag } from './define.js';
import { type FileFinder, fileFinder } from './find-files.js';
import { failureOf, forEachItem } from './for-each-item.js';
import { openSession } from './session.js';

/** What a command prints for a file. */
export interface Printed {
  text: string | undefined;
  json: object;
}

export interface FileCall {
  api: ApiClient;
  finder: FileFinder;
  /** As the user named the file. */
  given: string;
}

/** Runs `work` for each file that the user named, and prints its results. */
export async function forEachFile(
  command: string,
  files: readonly string[],
  { signal, json }: JsonFlag & { signal: AbortSignal },
  work: (call: FileCall) => Promise<Printed>,
): Promise<void> {
  refuseUrls(`${command} takes ids or names, as printed by ls`, files);
  const { api } = await openSession();
  const finder = fileFinder(api, signal);
  await forEachItem(files, {
    signal,
    onFailure: json ? (file, error) => printJson({ file, ...failureOf(error) }) : undefined,
    async work(given) {
      const printed = await work({ api, finder, given });
      if (json) printJson({ file: given, ...printed.json });
      else if (printed.text !== undefined) print(printed.text);
    },
  });
}
