import { element } from './element.js';

/** Takes back what was done. */
export type Undo = () => void;

let latest: Undo | undefined;

/** Says what has happened, to the eye and to a screen reader. What can be taken back has a button for it, and Ctrl+Z. */
export function announce(text: string, undo?: Undo): void {
  latest = undo;
  show('news', text, undo ? 12_000 : 5000, undo);
}

/** Says what went wrong. It stays longer, and interrupts a screen reader. */
export function announceProblem(text: string): void {
  show('problems', text, 10_000);
}

/** Takes back what was announced last. */
export function undoLatest(): void {
  const undo = latest;
  latest = undefined;
  undo?.();
}

/** Removes all messages: they are about something that is over. */
export function clearMessages(): void {
  latest = undefined;
  for (const id of ['news', 'problems']) document.getElementById(id)?.replaceChildren();
}

function show(regionId: 'news' | 'problems', text: string, milliseconds: number, undo?: Undo): void {
  const message = element('p', { class: 'message' }, text);
  if (undo) {
    const button = element('button', { type: 'button' }, 'Undo');
    button.addEventListener('click', () => {
      message.remove();
      if (latest === undo) latest = undefined;
      undo();
    });
    message.append(' ', button);
  }
  document.getElementById(regionId)?.replaceChildren(message); // one at a time: the newest is what matters
  const remove = () => {
    if (message.matches(':hover, :focus-within')) setTimeout(remove, 3000);
    else message.remove();
  };
  setTimeout(remove, milliseconds);
}
