import type { FileInfo } from 'doctape-sdk';
import { element } from './element.js';
import { type CardOptions, createFileCard, type FileCard } from './file-card.js';

export interface FileGrid {
  element: HTMLUListElement;
  setFiles(files: readonly FileInfo[]): void;
  /** Puts a file in front. */
  add(file: FileInfo): void;
  update(file: FileInfo): void;
  remove(id: string): void;
  /** Shows only the files that match. */
  filter(matches: (file: FileInfo) => boolean): void;
  all(): FileInfo[];
  visible(): FileInfo[];
}

/** @param leaveFocusTo where the focus goes when the last file that could have it disappears */
export function createFileGrid(options: CardOptions, leaveFocusTo: () => void): FileGrid {
  const list = element('ul', { class: 'grid' });
  let cards: FileCard[] = [];
  let matches: (file: FileInfo) => boolean = () => true;

  const visibleCards = () => cards.filter((card) => !card.element.hidden);

  /** Hides and shows, and hands the focus on before the card that has it is gone. */
  function refresh(): void {
    const focused = cards.findIndex((card) => card.element.contains(document.activeElement));
    const leaving = cards[focused] && !matches(cards[focused].file);
    for (const card of cards) if (matches(card.file)) card.element.hidden = false;
    if (leaving) moveFocusFrom(focused);
    for (const card of cards) if (!matches(card.file)) card.element.hidden = true;
  }

  function moveFocusFrom(index: number): void {
    const stays = (card: FileCard) => matches(card.file);
    const neighbour = cards.slice(index + 1).find(stays) ?? cards.slice(0, index).findLast(stays);
    if (neighbour) neighbour.focus();
    else leaveFocusTo();
  }

  return {
    element: list,
    setFiles(files) {
      cards = files.map((file) => createFileCard(file, options));
      list.replaceChildren(...cards.map((card) => card.element));
      refresh();
    },
    add(file) {
      const card = createFileCard(file, options);
      cards.unshift(card);
      list.prepend(card.element);
      refresh();
    },
    update(file) {
      cards.find((card) => card.file.id === file.id)?.update(file);
      refresh();
    },
    remove(id) {
      const index = cards.findIndex((card) => card.file.id === id);
      const card = cards[index];
      if (!card) return;
      moveFocusFrom(index);
      cards.splice(index, 1);
      card.element.remove();
    },
    filter(next) {
      matches = next;
      refresh();
    },
    all: () => cards.map((card) => card.file),
    visible: () => visibleCards().map((card) => card.file),
  };
}
