import type { FileInfo } from 'doctape-sdk';
import { element, uniqueId } from './element.js';
import { openFormDialog } from './form-dialog.js';
import { fullName } from './format.js';
import { icon } from './icon.js';
import { announce } from './messages.js';
import type { Session } from './session.js';

export function editTags(session: Session, file: FileInfo, changed: (file: FileInfo) => void): void {
  const tags = new Set(file.tags);
  const [inputId, hintId] = [uniqueId(), uniqueId()];
  const list = element('ul', { class: 'tags', 'aria-label': 'Tags' });
  const input = element('input', { id: inputId, autocomplete: 'off', autofocus: true, 'aria-describedby': hintId });
  const add = element('button', { type: 'button' }, 'Add');

  function show(): void {
    list.replaceChildren(
      ...[...tags].map((tag) => {
        const remove = element('button', { type: 'button', 'aria-label': `Remove tag ${tag}` }, icon('close'));
        remove.addEventListener('click', () => {
          tags.delete(tag);
          show();
          input.focus();
        });
        return element('li', {}, element('bdi', {}, tag), remove);
      }),
    );
    list.hidden = tags.size === 0;
  }

  function take(): void {
    for (const tag of input.value.split(',')) if (tag.trim() !== '') tags.add(tag.trim());
    input.value = '';
    show();
    input.focus();
  }

  add.addEventListener('click', take);
  input.addEventListener('keydown', (event) => {
    if (event.isComposing || (event.key !== ',' && (event.key !== 'Enter' || input.value.trim() === ''))) return;
    event.preventDefault(); // Enter takes the tag, and saves once there is none left to take
    take();
  });
  show();

  openFormDialog(session, {
    title: `Tags of ${fullName(file)}`,
    content: [
      list,
      element('label', { for: inputId }, 'Add a tag'),
      element('div', { class: 'with-button' }, input, add),
      element('p', { class: 'hint', id: hintId }, 'A tag like +bob shares the file with bob.'),
    ],
    submitLabel: 'Save',
    async submit() {
      take();
      const updated = await session.api.files.update(file.id, { tags: [...tags] });
      return () => {
        changed(updated);
        announce(`Saved the tags of ${fullName(updated)}`);
      };
    },
  });
}
