import { confirm } from '@clack/prompts';
import { fileName } from '../../index.js';
import type { JsonFlag } from '../core/define.js';
import { UsageError } from '../core/errors.js';
import { forEachFile } from '../core/for-each-file.js';
import { ask, isInteractive } from '../core/prompt.js';
import { note } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';

/** `doctape-sdk rm` */
export async function rm(signal: AbortSignal, files: string[], flags: JsonFlag & { yes?: boolean }): Promise<void> {
  const { yes, json } = flags;
  if (!yes && !isInteractive())
    throw new UsageError('rm needs --yes: it deletes permanently, and there is no terminal to ask for confirmation');
  await forEachFile('rm', files, { signal, ...flags }, async ({ api, finder, given }) => {
    const id = await finder.idOf(given);
    if (!yes) {
      const name = printable(fileName(await finder.find(id)));
      const message = `Delete ${name} permanently?`;
      const confirmed = await ask(signal, (ended) =>
        confirm({ message, initialValue: false, output: process.stderr, signal: ended }),
      );
      if (!confirmed) {
        if (!json) note(`Kept ${name}`);
        return { text: undefined, json: { id, deleted: false } };
      }
    }
    await api.files.delete(id, { signal });
    return { text: `Deleted ${printable(given)}`, json: { id, deleted: true } };
  });
}
