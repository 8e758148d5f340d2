import { element } from './element.js';

/** Says what has happened, to the eye and to a screen reader. */
export function announce(text: string): void {
  show('news', text, 5000);
}

/** Says what went wrong. It stays longer, and interrupts a screen reader. */
export function announceProblem(text: string): void {
  show('problems', text, 10_000);
}

/** Takes away what was said, once it is about nothing any more. */
export function clearMessages(): void {
  for (const id of ['news', 'problems']) document.getElementById(id)?.replaceChildren();
}

function show(regionId: 'news' | 'problems', text: string, milliseconds: number): void {
  const message = element('p', { class: 'message' }, text);
  const region = document.getElementById(regionId);
  region?.replaceChildren(message); // one at a time: the newest is what matters
  setTimeout(() => message.remove(), milliseconds);
}
