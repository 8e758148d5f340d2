import type { FileInfo } from 'doctape-sdk';
import type { FileCard } from './file-card.js';

export interface GridActions {
  /** The files on the page, in their order. */
  cards(): readonly FileCard[];
  toggle(id: string): void;
  extendTo(from: string, to: string): void;
  selectAll(): void;
  rename(file: FileInfo): void;
  remove(file: FileInfo): void;
}

/** The keys of file managers: arrows, Home and End, Space, Shift with arrows, Ctrl+A, F2, Delete. */
export function handleGridKeys(
  list: HTMLElement,
  { cards, toggle, extendTo, selectAll, rename, remove }: GridActions,
): void {
  const indexOf = (event: Event) =>
    cards().findIndex(({ element }) => event.target instanceof Node && element.contains(event.target));
  const onFile = (event: Event) => event.target instanceof Element && event.target.matches('.open, .select');

  list.addEventListener('keydown', (event) => {
    const index = indexOf(event);
    const card = cards()[index];
    if (!card || event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    const target = cards()[neighbour(event.key, index, cards())];
    if (target && !command) {
      if (event.shiftKey) extendTo(card.file.id, target.file.id);
      target.focus();
      target.element.scrollIntoView({ block: 'nearest' });
    } else if (event.key === ' ' && onFile(event)) toggle(card.file.id);
    else if (event.key.toLowerCase() === 'a' && command) selectAll();
    else if (event.key === 'F2') rename(card.file);
    else if (event.key === 'Delete' || (event.key === 'Backspace' && event.metaKey)) remove(card.file);
    else return;
    event.preventDefault();
  });
  list.addEventListener('keyup', (event) => {
    if (event.key === ' ' && onFile(event)) event.preventDefault(); // Firefox presses a button when the key is released
  });
}

/** The index of the file that a key moves to. -1 if the key does not move, or there is no file in that direction. */
function neighbour(key: string, index: number, cards: readonly FileCard[]): number {
  const top = cards[0]?.element.offsetTop;
  const firstOfNextRow = cards.findIndex(({ element }) => element.offsetTop !== top);
  const columns = firstOfNextRow < 0 ? cards.length : firstOfNextRow;
  const last = cards.length - 1;
  const targets: Record<string, number> = {
    ArrowLeft: index - 1,
    ArrowRight: index + 1,
    ArrowUp: index - columns,
    ArrowDown:
      index + columns > last && Math.floor(index / columns) < Math.floor(last / columns) ? last : index + columns,
    Home: 0,
    End: last,
  };
  return targets[key] ?? -1;
}
