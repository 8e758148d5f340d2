import type { FileInfo } from 'doctape-sdk';
import type { Session } from '../session/session.js';

/** A file whose tags were changed. */
export interface Retagged {
  file: FileInfo;
  /** Takes this change back, and no other. */
  undo(): Promise<FileInfo>;
}

/** Changes the tags that a file has now: another window may have changed them since this one has loaded the file. */
export async function retag(
  { api }: Session,
  id: string,
  change: (tags: readonly string[]) => readonly string[],
): Promise<Retagged> {
  const { tags: before } = await api.files.get(id);
  const file = await api.files.update(id, { tags: [...new Set(change(before))] });
  const removed = before.filter((tag) => !file.tags.includes(tag));
  const added = file.tags.filter((tag) => !before.includes(tag));
  return {
    file,
    async undo() {
      const { tags } = await api.files.get(id);
      const kept = tags.filter((tag) => !added.includes(tag));
      return api.files.update(id, { tags: [...new Set([...kept, ...removed])] });
    },
  };
}
