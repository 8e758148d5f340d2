import type { FileInfo } from 'doctape-sdk';
import { element } from './element.js';
import { openFormDialog } from './form-dialog.js';
import { fullName } from './format.js';
import { announce } from './messages.js';
import type { Session } from './session.js';

export function askToDelete(session: Session, file: FileInfo, deleted: () => void): void {
  openFormDialog(session, {
    title: `Delete ${fullName(file)}?`,
    content: [element('p', {}, 'It is gone for good, for you and for everybody you have given its link.')],
    submitLabel: 'Delete',
    destructive: true,
    async submit() {
      await session.api.files.delete(file.id);
      return () => {
        announce(`Deleted ${fullName(file)}`);
        deleted();
      };
    },
  });
}
