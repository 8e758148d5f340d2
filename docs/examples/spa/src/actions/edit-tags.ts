import type { FileInfo } from 'doctape-sdk';
import { element, uniqueId } from '../page/element.js';
import { openFormDialog } from '../page/form-dialog.js';
import { fullName, isolated, visible } from '../page/format.js';
import { icon } from '../page/icon.js';
import { announce } from '../page/messages.js';
import type { Session } from '../session/session.js';
import type { FileChanges } from './file-actions.js';
import { retag } from './retag.js';

export function editTags(session: Session, file: FileInfo, changes: FileChanges): void {
  const tags = new Set(file.tags);
  const [inputId, hintId] = [uniqueId(), uniqueId()];
  const list = element('ul', { class: 'tags', 'aria-label': 'Tags' });
  const input = element('input', { id: inputId, autocomplete: 'off', autofocus: true, 'aria-describedby': hintId });
  const add = element('button', { type: 'button' }, 'Add');

  function show(): void {
    list.replaceChildren(
      ...[...tags].map((tag) => {
        const remove = element(
          'button',
          { type: 'button', 'aria-label': `Remove tag ${isolated(tag)}` },
          icon('close'),
        );
        remove.addEventListener('click', () => {
          tags.delete(tag);
          show();
          input.focus();
        });
        return element('li', {}, element('bdi', {}, visible(tag)), remove);
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
    event.preventDefault(); // Enter adds the tag, or saves if the field is empty
    take();
  });
  show();

  openFormDialog(session, {
    title: `Tags of ${fullName(file)}`,
    content: [
      list,
      element('label', { for: inputId }, 'Add a tag'),
      element('div', { class: 'with-button' }, input, add),
      element(
        'p',
        { class: 'hint', id: hintId },
        'A tag like +bob shares the file with bob, and #trip adds it to the collection “trip”.',
      ),
    ],
    submitLabel: 'Save',
    async submit() {
      take();
      const added = [...tags].filter((tag) => !file.tags.includes(tag));
      const { file: updated, undo } = await retag(session, file.id, (now) => [
        ...now.filter((tag) => tags.has(tag) || !file.tags.includes(tag)),
        ...added,
      ]);
      return () => {
        changes.changed(updated);
        changes.tagsChanged();
        announce(`Saved the tags of ${fullName(updated)}`, () => {
          session.attempt(async () => {
            changes.changed(await undo());
            announce(`Restored the tags of ${fullName(file)}`); // at once: later, it would take the place of what is announced next
            await changes.tagsChanged();
          });
        });
      };
    },
  });
}
