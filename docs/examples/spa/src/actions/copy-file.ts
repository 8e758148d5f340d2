import type { FileInfo } from 'doctape-sdk';
import { formatCount, fullName } from '../page/format.js';
import { announce, announceProblem } from '../page/messages.js';
import type { Session } from '../session/session.js';
import type { FileChanges } from './file-actions.js';

export async function copyFile(session: Session, file: FileInfo, changes: FileChanges): Promise<void> {
  await session.attempt(async () => {
    const id = await session.api.files.clone(file.id);
    changes.added(await session.api.files.get(id));
    announce(`Copied ${fullName(file)}`);
  });
}

const pauses = [300, 700, 1000, 2000, 4000, 8000, 8000];

/** The server says that it has begun. That it has ended shows only in the list. */
export async function extractArchive(session: Session, file: FileInfo, changes: FileChanges): Promise<void> {
  await session.attempt(async () => {
    const before = new Set((await session.api.files.list({ signal: session.signal })).map(({ id }) => id));
    await session.api.files.extract(file.id);
    announce(`Extracting ${fullName(file)}`);
    for (const pause of pauses) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const files = await session.api.files.list({ includeMeta: true, signal: session.signal });
      const added = files.filter(({ id }) => !before.has(id));
      if (added.length === 0) continue;
      added.forEach(changes.added);
      announce(`Extracted ${formatCount(added.length, 'file')} from ${fullName(file)}`);
      return;
    }
    announceProblem(`${fullName(file)} is still being extracted. Its files appear here when you load the page again.`);
  });
}
