import type { FileInfo, Tape } from 'doctape-sdk';
import { askToDelete } from '../actions/delete-file.js';
import { downloadFiles } from '../actions/download-file.js';
import { askForCollection, type FileChanges } from '../actions/file-actions.js';
import { publishFiles } from '../actions/publish-files.js';
import { starFiles } from '../actions/star-files.js';
import { askForTags, changeTags, readTags } from '../actions/tag-files.js';
import { element } from '../page/element.js';
import { formatCount, formatSize, isolated } from '../page/format.js';
import { type IconName, icon } from '../page/icon.js';
import type { Session } from '../session/session.js';
import { isOwn } from './sharing.js';

export interface SelectionBar {
  element: HTMLElement;
  /** @param tape the collection that is open */
  show(files: readonly FileInfo[], tape: Tape | undefined): void;
}

/** What can be done with the selected files. What only an owner can do is done with the files that the user owns. */
export function createSelectionBar(
  session: Session,
  changes: FileChanges,
  allTags: () => string[],
  clear: () => void,
): SelectionBar {
  const status = element('p', { role: 'status', class: 'count' });
  const buttons = element('div', { class: 'bar-buttons' });
  const bar = element(
    'div',
    { class: 'selection-bar', role: 'group', 'aria-label': 'Selected files', hidden: true },
    status,
    buttons,
  );

  function action(label: string, name: IconName, run: () => void, destructive = false): HTMLButtonElement {
    const made = element(
      'button',
      { type: 'button', title: label, class: destructive ? 'destructive' : undefined },
      icon(name),
      element('span', {}, label),
    );
    made.addEventListener('click', run);
    return made;
  }

  function actionsFor(files: readonly FileInfo[], tape: Tape | undefined): HTMLButtonElement[] {
    const own = files.filter(({ shared }) => shared === 0);
    const starred = own.every((file) => file.starred);
    const isPublic = own.every(({ public_url }) => public_url !== null);
    const download = action('Download', 'download', () => downloadFiles(session, files));
    const done = action('Clear selection', 'close', clear);
    if (own.length === 0) return [download, done];
    return [
      download,
      action(starred ? 'Remove star' : 'Star', 'star', () => starFiles(session, own, !starred, changes)),
      action('Tag', 'tag', () => tag(own)),
      tape && isOwn(tape)
        ? action('Remove from collection', 'collection', () => removeFrom(tape, own))
        : action('Add to collection', 'collection', () => askForCollection(session, own, changes)),
      action(isPublic ? 'Unpublish' : 'Publish', 'link', () => publishFiles(session, own, !isPublic, changes)),
      action('Delete', 'trash', () => askToDelete(session, own, changes), true),
      done,
    ];
  }

  function tag(files: readonly FileInfo[]): void {
    askForTags(
      session,
      files,
      {
        title: `Tag ${formatCount(files.length, 'file')}`,
        label: 'Tags',
        submitLabel: 'Add',
        hint: 'Separate tags with commas. Existing tags are kept.',
        suggestions: allTags(),
        read: readTags,
      },
      changes,
    );
  }

  function removeFrom(tape: Tape, files: readonly FileInfo[]): void {
    const keep = (tags: readonly string[]) => tags.filter((tag) => tag !== `#${tape.name}`);
    changeTags(session, files, keep, changes, isolated(tape.name), 'Removed');
  }

  return {
    element: bar,
    show(files, tape) {
      const focused = bar.contains(document.activeElement);
      const label = document.activeElement?.getAttribute('title');
      bar.hidden = files.length === 0;
      const bytes = files.reduce((sum, { size }) => sum + size, 0);
      status.textContent = files.length === 0 ? '' : `${files.length} selected, ${formatSize(bytes)}`;
      buttons.replaceChildren(...actionsFor(files, tape));
      if (focused && files.length > 0) {
        const same =
          [...buttons.children].find((child) => child.getAttribute('title') === label) ?? buttons.firstElementChild;
        if (same instanceof HTMLElement) same.focus();
      }
    },
  };
}
