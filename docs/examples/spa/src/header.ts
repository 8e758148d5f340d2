import { element } from './element.js';
import type { Session } from './session.js';
import { views } from './view.js';

/** Who is signed in, and the views to choose from. */
export function createHeader(session: Session): HTMLElement {
  const who = element('p', { class: 'who' });
  const signOut = element('button', { type: 'button' }, 'Sign out');
  signOut.addEventListener('click', () => session.signOut());
  const header = element(
    'header',
    { class: 'top' },
    element('p', { class: 'brand' }, element('b', {}, 'doctape'), ' files'),
    element('nav', { 'aria-label': 'Views' }, ...views.map(({ hash, label }) => element('a', { href: hash }, label))),
    element('div', { class: 'account' }, who, signOut),
  );
  session.attempt(async () => {
    const { firstname, username } = await session.api.account.get({ signal: session.signal });
    const picture = element('img', { alt: '', src: session.api.account.avatarUrl(50).href, width: '32', height: '32' });
    picture.addEventListener('error', () => picture.remove());
    who.append(picture, element('bdi', {}, firstname || username));
  });
  return header;
}

/** Marks the link to the view that is shown. */
export function markView(header: HTMLElement, hash: string): void {
  for (const link of header.querySelectorAll('nav a')) {
    if (link.getAttribute('href') === hash) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}
