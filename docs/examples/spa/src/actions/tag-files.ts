import type { FileInfo } from 'doctape-sdk';
import { element, uniqueId } from '../page/element.js';
import { openFormDialog } from '../page/form-dialog.js';
import { visible } from '../page/format.js';
import { announce } from '../page/messages.js';
import type { Session } from '../session/session.js';
import { eachFile, nameOf } from './each-file.js';
import type { FileChanges } from './file-actions.js';
import { type Retagged, retag } from './retag.js';

export interface TagDialog {
  title: string;
  label: string;
  submitLabel: string;
  hint: string;
  suggestions: readonly string[];
  /** The tags that the text stands for. A sentence, if it cannot be a tag. */
  read(text: string): string[] | string;
}

/** Asks for tags, and adds them to the files. */
export function askForTags(
  session: Session,
  files: readonly FileInfo[],
  { title, label, submitLabel, hint, suggestions, read }: TagDialog,
  changes: FileChanges,
): void {
  const [inputId, listId, hintId] = [uniqueId(), uniqueId(), uniqueId()];
  const input = element('input', {
    id: inputId,
    list: listId,
    required: true,
    autocomplete: 'off',
    autofocus: true,
    dir: 'auto',
    'aria-describedby': hintId,
  });
  input.addEventListener('input', () => input.setCustomValidity(''));
  openFormDialog(session, {
    title,
    content: [
      element('label', { for: inputId }, label),
      input,
      element('datalist', { id: listId }, ...suggestions.map((value) => element('option', { value }))),
      element('p', { class: 'hint', id: hintId }, hint),
    ],
    submitLabel,
    async submit() {
      const tags = read(input.value);
      if (typeof tags === 'string') {
        input.setCustomValidity(tags);
        input.reportValidity();
        return undefined;
      }
      await changeTags(session, files, (before) => [...before, ...tags], changes, tags.map(visible).join(', '));
      return () => {};
    },
  });
}

/** Changes the tags of files. @param what is added, for the announcement */
export async function changeTags(
  session: Session,
  files: readonly FileInfo[],
  change: (tags: readonly string[]) => readonly string[],
  changes: FileChanges,
  what: string,
  verb = 'Added',
): Promise<void> {
  const undos = new Map<string, Retagged['undo']>();
  const done: FileInfo[] = [];
  await eachFile(session, files, async ({ id }) => {
    const { file, undo } = await retag(session, id, change);
    undos.set(id, undo);
    done.push(file);
  });
  if (session.signal.aborted || done.length === 0) return;
  done.forEach(changes.changed);
  await changes.tagsChanged();
  const preposition = verb === 'Added' ? 'to' : 'from';
  announce(`${verb} ${what} ${preposition} ${nameOf(done)}`, async () => {
    await eachFile(session, done, async ({ id }) => {
      const restored = await undos.get(id)?.();
      if (restored) changes.changed(restored);
    });
    announce(`Restored the tags of ${nameOf(done)}`); // at once: later, it would take the place of what is announced next
    await changes.tagsChanged();
  });
}

/** Tags, separated by commas. */
export function readTags(text: string): string[] | string {
  const tags = text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '');
  return tags.length === 0 ? 'Enter a tag.' : tags;
}

/** The tag that adds a file to the collection of this name. */
export function readCollection(text: string): string[] | string {
  const name = text.trim().replace(/^#/, '').trim();
  if (name === '') return 'Enter a name.';
  if (/[/,]/.test(name)) return 'A name cannot contain a slash or a comma.';
  return [`#${name}`];
}
