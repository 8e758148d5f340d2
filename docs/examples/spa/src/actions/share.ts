import { ApiError, type FileInfo, type Tape } from 'doctape-sdk';
import { describeAudience, listOf, peopleOf, withoutPeople } from '../library/sharing.js';
import { fullName, isolated } from '../page/format.js';
import type { Session } from '../session/session.js';
import type { FileChanges } from './file-actions.js';
import { openPeopleDialog } from './people-dialog.js';
import { retag } from './retag.js';

/** Shares a file with users by name. */
export function shareFile(session: Session, first: FileInfo, changes: FileChanges): void {
  let file = first;
  openPeopleDialog(session, {
    title: `Share ${fullName(file)}`,
    people: peopleOf(file),
    describe: () => describeAudience(file, changes.tapes()),
    async save(change) {
      ({ file } = await retag(session, file.id, (tags) => [
        ...withoutPeople(tags),
        ...change(peopleOf({ tags })).map((name) => `+${name}`),
      ]));
      changes.changed(file);
      return peopleOf(file);
    },
    // the API accepts any name in a tag, and has no call that looks a user up
    note: 'doctape does not tell whether this user exists, so check the spelling.',
  });
}

/** Shares a collection with users. */
export function shareCollection(session: Session, tape: Tape, changed: (tape: Tape) => void): void {
  openPeopleDialog(session, {
    title: `Share ${isolated(tape.name)}`,
    people: tape.shared_with,
    describe: (people) =>
      people.length === 0
        ? 'Only you can see this collection.'
        : `${listOf(people)} can open every file in this collection, and those that you add later.`,
    async save(change) {
      const { shared_with } = await session.api.tapes.get(tape.id);
      const updated = await session.api.tapes.update(tape.id, { shared_with: [...new Set(change(shared_with))] });
      changed(updated);
      return updated.shared_with;
    },
    explainFailure: (error, added) =>
      error instanceof ApiError && error.status === 400 && added !== undefined
        ? `“${added}” is not another user of doctape. Check the spelling.`
        : undefined,
  });
}
