import type { JsonFlag } from '../core/define.js';
import { UsageError } from '../core/errors.js';
import { forEachFile } from '../core/for-each-file.js';
import { printable } from '../terminal/printable.js';

export interface TagFlags extends JsonFlag {
  add?: string[];
  delete?: string[];
}

/** `doctape-sdk tag`: changes the tags of files, or prints them. */
export async function tag(signal: AbortSignal, files: string[], flags: TagFlags): Promise<void> {
  const { add = [], delete: remove = [] } = flags;
  if ([...add, ...remove].some((one) => one.trim() === '' || one.startsWith('+') || one.includes(','))) {
    throw new UsageError('a tag must not be empty, contain a comma, or begin with +: `doctape-sdk share` shares files');
  }
  await forEachFile('tag', files, { signal, ...flags }, async ({ api, finder, given }) => {
    // not the file of the list: the update replaces all tags
    const file = await api.files.get(await finder.idOf(given), { signal });
    const tags = withChanges(file.tags, add, remove);
    const isSame = tags.join() === file.tags.join();
    const { id, tags: now } = isSame ? file : await api.files.update(file.id, { tags }, { signal });
    return { text: `${printable(given)}: ${now.map(printable).join(' ') || 'no tags'}`, json: { id, tags: now } };
  });
}

/** The tags of a file after a change. */
export function withChanges(tags: readonly string[], add: readonly string[], remove: readonly string[]): string[] {
  return [...new Set([...tags, ...add])].filter((one) => !remove.includes(one));
}
