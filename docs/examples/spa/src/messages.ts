import { element } from './element.js';

/** Says what has happened, to the eye and to a screen reader. */
export function announce(text: string): void {
  show('news', text, 5000);
}

/** Says what went wrong. It stays longer, and interrupts a screen reader. */
export function announceProblem(text: string): void {
  show('problems', text, 10_000);
}

function show(regionId: 'news' | 'problems', text: string, milliseconds: number): void {
  const message = element('p', { class: 'message' }, text);
  const region = document.getElementById(regionId);
  region?.replaceChildren(message); // one at a time: the newest is what matters
  setTimeout(() => message.remove(), milliseconds);
}
