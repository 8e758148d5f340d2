import type { FileInfo } from 'doctape-sdk';
import { announce } from '../page/messages.js';
import type { Session } from '../session/session.js';
import { eachFile, nameOf } from './each-file.js';
import type { FileChanges } from './file-actions.js';

export async function starFiles(
  session: Session,
  files: readonly FileInfo[],
  starred: boolean,
  changes: FileChanges,
): Promise<void> {
  const wanted = files.filter((file) => file.starred !== starred);
  for (const file of wanted) changes.expected({ ...file, starred }); // at once: who clicks wants to see it
  const done = await eachFile(session, wanted, async (file) => {
    try {
      await session.api.files.update(file.id, { starred });
    } catch (error) {
      changes.expected(file); // not as changed: the list is loaded again if the file no longer exists
      throw error;
    }
    changes.changed({ ...file, starred });
  });
  if (session.signal.aborted || done.length === 0) return;
  announce(`${starred ? 'Starred' : 'Removed the star of'} ${nameOf(done)}`, () => {
    starFiles(
      session,
      done.map((file) => ({ ...file, starred })),
      !starred,
      changes,
    );
  });
}
