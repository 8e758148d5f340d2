import type { JsonFlag } from '../core/define.js';
import { forEachFile } from '../core/for-each-file.js';
import { printable } from '../terminal/printable.js';

/** `doctape-sdk star` */
export async function star(signal: AbortSignal, files: string[], flags: JsonFlag & { off?: boolean }): Promise<void> {
  await forEachFile('star', files, { signal, ...flags }, async ({ api, finder, given }) => {
    const { id, starred } = await api.files.update(await finder.idOf(given), { starred: !flags.off }, { signal });
    return { text: `${starred ? 'Starred' : 'Removed the star of'} ${printable(given)}`, json: { id, starred } };
  });
}
