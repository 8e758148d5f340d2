import type { FileInfo } from 'doctape-sdk';
import { element, putInOrder, uniqueId } from '../page/element.js';
import { type CardOptions, createFileCard, type FileCard } from './file-card.js';
import { type GridActions, handleGridKeys } from './grid-keys.js';
import { createSelection } from './selection.js';

export interface Arrangement {
  matches(file: FileInfo): boolean;
  compare(a: FileInfo, b: FileInfo): number;
  layout: 'grid' | 'list';
}

export interface FileGrid {
  element: HTMLElement;
  /** Replaces all files: cards of files that were there before stay, with their focus. Call `arrange` afterwards. */
  setFiles(files: readonly FileInfo[]): void;
  /** Adds a file, or shows it as it is now. Call `arrange` afterwards. */
  put(file: FileInfo): void;
  /** Call `arrange` afterwards. */
  remove(id: string): void;
  /** Shows only the files that match, in this order. */
  arrange(arrangement: Arrangement): void;
  all(): FileInfo[];
  visible(): FileInfo[];
  selected(): FileInfo[];
  clearSelection(): void;
}

export interface GridOptions extends CardOptions, Pick<GridActions, 'rename' | 'remove'> {
  selectionChanged(): void;
  /** Takes the focus when the last file that could have it disappears. */
  leaveFocus(): void;
}

export function createFileGrid(options: GridOptions): FileGrid {
  const hintId = uniqueId();
  const list = element('ul', { class: 'grid', 'aria-label': 'Files', 'aria-describedby': hintId });
  const hint = element('p', { id: hintId, class: 'unseen' }, 'Move between files with the arrow keys.');
  const cards = new Map<string, FileCard>();
  let shown: FileCard[] = [];
  let current: FileCard | undefined;
  let arrangement: Arrangement = { matches: () => true, compare: () => 0, layout: 'grid' };

  const selection = createSelection(() => {
    for (const card of cards.values()) card.setSelected(selection.has(card.file.id));
    list.classList.toggle('selecting', selection.size > 0);
    options.selectionChanged();
  });
  const order = () => shown.map(({ file }) => file.id);
  const select = (event: MouseEvent, id: string) => {
    if (event.shiftKey) selection.extendTo(id, order());
    else selection.toggle(id);
    cards.get(id)?.setSelected(selection.has(id)); // also if nothing changed: a click has changed the checkbox
    makeReachable(cards.get(id));
  };

  function makeReachable(card: FileCard | undefined): void {
    current?.setReachable(false);
    current = card;
    card?.setReachable(true);
  }

  function put(file: FileInfo): void {
    const card = cards.get(file.id);
    if (card) card.update(file);
    else cards.set(file.id, createFileCard(file, options, select));
  }

  /** Lays the cards out again. If the one with the focus disappears, a neighbour gets it. */
  function layOut(): void {
    const focused = document.activeElement;
    const index = shown.findIndex((card) => card.element.contains(focused));
    const before = shown;
    const { matches, compare, layout } = arrangement;
    shown = [...cards.values()].filter(({ file }) => matches(file)).sort((a, b) => compare(a.file, b.file));
    list.classList.toggle('list', layout === 'list');
    putInOrder(
      list,
      shown.map((card) => card.element),
    );
    const staying = new Set(shown);
    selection.keepOnly(new Set(order()));
    if (!current || !staying.has(current)) makeReachable(shown[0]);
    if (index < 0) return;
    const stays = (card: FileCard) => staying.has(card);
    const successor = before.slice(index).find(stays) ?? before.slice(0, index).findLast(stays);
    if (!successor) options.leaveFocus();
    else if (successor !== before[index]) successor.focus();
  }

  list.addEventListener('focusin', (event) => {
    const card = shown.find(({ element: item }) => event.target instanceof Node && item.contains(event.target));
    if (card && card !== current) makeReachable(card);
  });
  list.addEventListener('mousedown', (event) => {
    if (event.shiftKey) event.preventDefault(); // or it would select text
  });
  handleGridKeys(list, {
    cards: () => shown,
    toggle: (id) => selection.toggle(id),
    extendTo: (from, to) => {
      if (selection.size === 0) selection.toggle(from);
      selection.extendTo(to, order());
    },
    selectAll: () => selection.set(order()),
    rename: options.rename,
    remove: (file) => options.remove(file),
  });

  return {
    element: element('div', {}, hint, list),
    setFiles(files) {
      const ids = new Set(files.map(({ id }) => id));
      for (const id of cards.keys()) if (!ids.has(id)) cards.delete(id);
      files.forEach(put);
    },
    put,
    remove: (id) => void cards.delete(id),
    arrange(next) {
      arrangement = next;
      layOut();
    },
    all: () => [...cards.values()].map(({ file }) => file),
    visible: () => shown.map(({ file }) => file),
    selected: () => shown.filter(({ file }) => selection.has(file.id)).map(({ file }) => file),
    clearSelection: () => selection.set([]),
  };
}
