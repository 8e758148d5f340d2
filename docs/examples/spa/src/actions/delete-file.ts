import type { FileInfo } from 'doctape-sdk';
import { element } from '../page/element.js';
import { openFormDialog } from '../page/form-dialog.js';
import { formatCount, fullName } from '../page/format.js';
import { announce } from '../page/messages.js';
import type { Session } from '../session/session.js';
import { eachFile, nameOf } from './each-file.js';
import type { FileChanges } from './file-actions.js';

/** Asks first, because the API has no way back. */
export function askToDelete(session: Session, files: readonly FileInfo[], changes: FileChanges): void {
  const many = files.length > 1;
  const text = many
    ? 'You cannot undo this. Everyone you shared them with loses them, too.'
    : 'You cannot undo this. Everyone you shared it with loses it, too.';
  const most = 5;
  const names = files.slice(0, most).map((file) => element('li', {}, element('bdi', {}, fullName(file))));
  if (files.length > most) names.push(element('li', {}, `and ${formatCount(files.length - most, 'more file')}`));
  openFormDialog(session, {
    title: `Delete ${nameOf(files)}?`,
    content: [...(many ? [element('ul', { class: 'names' }, ...names)] : []), element('p', {}, text)],
    submitLabel: 'Delete',
    destructive: true,
    async submit() {
      const [file] = files;
      if (file && !many) await session.api.files.delete(file.id); // the dialog says why it failed
      const done = many ? await eachFile(session, files, ({ id }) => session.api.files.delete(id)) : files;
      return () => {
        if (done.length > 0) announce(`Deleted ${nameOf(done)}`);
        for (const gone of done) changes.deleted(gone);
      };
    },
  });
}
