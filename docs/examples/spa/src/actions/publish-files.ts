import type { FileInfo } from 'doctape-sdk';
import { announce } from '../page/messages.js';
import type { Session } from '../session/session.js';
import { eachFile, nameOf } from './each-file.js';
import type { FileChanges } from './file-actions.js';

/** Publishes files, or makes them private again. */
export async function publishFiles(
  session: Session,
  files: readonly FileInfo[],
  isPublic: boolean,
  changes: FileChanges,
): Promise<void> {
  const changed: FileInfo[] = [];
  const wanted = files.filter(({ public_url }) => (public_url !== null) !== isPublic);
  await eachFile(session, wanted, async (file) => {
    const public_url = isPublic ? (await session.api.files.publish(file.id)).href : null;
    if (!isPublic) await session.api.files.unpublish(file.id);
    changed.push({ ...file, public_url });
  });
  if (session.signal.aborted || changed.length === 0) return;
  changed.forEach(changes.changed);
  // a link that was taken back never works again: publishing anew makes another one
  const undo = isPublic ? () => void publishFiles(session, changed, false, changes) : undefined;
  announce(isPublic ? `Published ${nameOf(changed)}` : `${nameOf(changed)}: the link does not work any more`, undo);
}
