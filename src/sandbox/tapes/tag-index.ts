import type { SandboxContext } from '../core/context.js';
import { type FileReference, keyOf, readerOfTag, tapeOfTag } from '../store/records.js';
import type { Change } from '../store/store.js';

// Tags decide who sees a file. The records `taped` and `shared` find the files of a tag without reading all files of their owner.

/** A file, its tags before a change, and its tags after it. */
export interface TagMove {
  id: string;
  from: readonly string[];
  to: readonly string[];
}

/** The two indexes, and the name in a tag that each of them is about. */
const indexes = [
  ['taped', tapeOfTag],
  ['shared', readerOfTag],
] as const;

/**
 * The changes that add files of `owner` to the tapes and readers of their new tags, and remove them from those of their old tags.
 * Creates the tapes that do not exist. A tag `#owner/x` names a tape of another user and creates none.
 */
export async function tagChanges(
  { store }: SandboxContext,
  owner: string,
  moves: readonly TagMove[],
): Promise<Change[]> {
  const changes: Change[] = [];
  const tapes = new Set<string>();
  for (const { id, from, to } of moves) {
    for (const [collection, nameOf] of indexes) {
      const [before, after] = [namesIn(from, nameOf), namesIn(to, nameOf)];
      for (const name of before)
        if (!after.has(name)) changes.push({ delete: collection, key: keyOf(owner, name, id) });
      for (const name of after) {
        if (before.has(name)) continue;
        changes.push({ put: collection, key: keyOf(owner, name, id), record: { owner, id } });
        if (collection === 'taped') tapes.add(name);
      }
    }
  }
  for (const name of tapes) {
    const key = keyOf(owner, name);
    if (await store.get('tapes', key)) continue;
    const record = { id: crypto.randomUUID(), owner, name, live: true, shared_with: [] };
    changes.push({ put: 'tapes', key, record });
  }
  return changes;
}

function namesIn(tags: readonly string[], nameOf: (tag: string) => string | undefined): Set<string> {
  return new Set(tags.flatMap((tag) => nameOf(tag) ?? []));
}

/**
 * Lists the files of `owner` that `reader` may see: those that are shared personally, then those on the tapes. Lists each file once.
 * @param tapes the tags of the tapes that `owner` shares with `reader`
 */
export async function* sharedFiles(
  { store }: SandboxContext,
  owner: string,
  reader: string,
  tapes: ReadonlySet<string>,
): AsyncGenerator<FileReference> {
  const listed = new Set<string>();
  async function* unlisted(files: AsyncIterable<FileReference>) {
    for await (const file of files) {
      if (listed.has(file.id)) continue;
      listed.add(file.id);
      yield file;
    }
  }
  yield* unlisted(store.list('shared', keyOf(owner, reader, '')));
  for (const tag of tapes) yield* unlisted(store.list('taped', keyOf(owner, tapeOfTag(tag) ?? '', '')));
}
