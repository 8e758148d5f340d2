import { openDialog } from '../page/dialog.js';
import { element } from '../page/element.js';
import { undoLatest } from '../page/messages.js';

const shortcuts: readonly (readonly [keys: string, what: string])[] = [
  ['/', 'Search'],
  ['← ↑ → ↓', 'Move between files'],
  ['Enter', 'Open the file'],
  ['Space', 'Select the file'],
  ['Shift + arrows', 'Select several'],
  ['Ctrl + A', 'Select all'],
  ['Esc', 'Clear the selection, or close the open dialog'],
  ['F2', 'Rename'],
  ['Delete', 'Delete'],
  ['Ctrl + Z', 'Undo the last action'],
  ['U', 'Upload files'],
  ['?', 'Show these shortcuts'],
];

export function showShortcuts(): void {
  const rows = shortcuts.flatMap(([keys, what]) => [
    element('dt', {}, element('kbd', {}, keys)),
    element('dd', {}, what),
  ]);
  openDialog({
    title: 'Keyboard shortcuts',
    className: 'small',
    content: [element('dl', { class: 'shortcuts' }, ...rows)],
    closesLightly: true,
  });
}

export interface ShortcutActions {
  search(): void;
  upload(): void;
  /** @returns whether something was selected */
  clearSelection(): boolean;
}

/** Keys that work anywhere on the page, but not while somebody writes or a dialog is open. */
export function handleShortcuts({ search, upload, clearSelection }: ShortcutActions, signal: AbortSignal): void {
  addEventListener(
    'keydown',
    (event) => {
      const writes =
        event.target instanceof Element && event.target.matches('input:not([type=checkbox]), select, textarea');
      if (event.defaultPrevented || event.isComposing || event.altKey || writes) return;
      if (document.querySelector('dialog[open], :popover-open')) return;
      const command = event.ctrlKey || event.metaKey;
      if (event.key.toLowerCase() === 'z' && command && !event.shiftKey) undoLatest();
      else if (command) return;
      else if (event.key === '/') search();
      else if (event.key === '?') showShortcuts();
      else if (event.key.toLowerCase() === 'u') upload();
      else if (event.key !== 'Escape' || !clearSelection()) return;
      event.preventDefault();
    },
    { signal },
  );
}
