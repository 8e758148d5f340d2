import type { FileInfo } from 'doctape-sdk';
import { element, uniqueId } from '../page/element.js';
import { openFormDialog } from '../page/form-dialog.js';
import { fullName, visible } from '../page/format.js';
import { announce } from '../page/messages.js';
import type { Session } from '../session/session.js';
import type { FileChanges } from './file-actions.js';

export function renameFile(session: Session, file: FileInfo, changes: FileChanges): void {
  const id = uniqueId();
  const input = element('input', {
    ...{ id, required: true, autocomplete: 'off', autofocus: true, dir: 'auto' },
    pattern: String.raw`[^\/\\]*[^\/\\\s][^\/\\]*`,
    maxlength: String(254 - file.extension.length),
    title: 'A name has no / and no \\.', // the browser shows it with its own message
  });
  input.value = file.name;
  input.setSelectionRange(0, file.name.length); // so that typing replaces it
  openFormDialog(session, {
    title: 'Rename',
    content: [
      element('label', { for: id }, 'Name'),
      element(
        'div',
        { class: 'with-suffix' },
        input,
        ...(file.extension === '' ? [] : [element('bdi', { class: 'suffix' }, `.${visible(file.extension)}`)]),
      ),
    ],
    submitLabel: 'Rename',
    async submit() {
      const name = input.value.trim();
      if (name === '' || name === file.name) return () => {};
      const renamed = await session.api.files.update(file.id, { name });
      return () => {
        changes.changed(renamed);
        announce(`Renamed to ${fullName(renamed)}`, () => {
          session.attempt(async () => {
            changes.changed(await session.api.files.update(file.id, { name: file.name }));
            announce(`Renamed back to ${fullName(file)}`);
          });
        });
      };
    },
  });
}
