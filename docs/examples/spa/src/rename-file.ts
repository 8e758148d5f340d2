import type { FileInfo } from 'doctape-sdk';
import { element, uniqueId } from './element.js';
import { openFormDialog } from './form-dialog.js';
import { announce } from './messages.js';
import type { Session } from './session.js';

export function renameFile(session: Session, file: FileInfo, changed: (file: FileInfo) => void): void {
  const id = uniqueId();
  const input = element('input', { id, required: true, autocomplete: 'off', autofocus: true, dir: 'auto' });
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
        ...(file.extension === '' ? [] : [element('bdi', { class: 'suffix' }, `.${file.extension}`)]),
      ),
    ],
    submitLabel: 'Rename',
    async submit() {
      const name = input.value.trim();
      if (name === '' || name === file.name) return () => {};
      const renamed = await session.api.files.update(file.id, { name });
      return () => {
        changed(renamed);
        announce(`Renamed to ${renamed.name}`);
      };
    },
  });
}
