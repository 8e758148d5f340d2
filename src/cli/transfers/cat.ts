import type { Rendition } from '../../index.js';
import { refuseUrls } from '../core/arguments.js';
import { fileFinder } from '../core/find-files.js';
import { forEachItem } from '../core/for-each-item.js';
import { openSession } from '../core/session.js';
import { writeToStdout } from './to-stdout.js';

/** `doctape-sdk cat`: writes files to stdout, one after the other. */
export async function cat(
  signal: AbortSignal,
  files: string[],
  { rendition }: { rendition: Rendition },
): Promise<void> {
  refuseUrls('cat takes ids or names, as printed by ls', files);
  const { api } = await openSession();
  const finder = fileFinder(api, signal);
  await forEachItem(files, {
    signal,
    work: async (given) => writeToStdout(api, await finder.idOf(given), rendition, signal),
  });
}
