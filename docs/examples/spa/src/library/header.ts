import { element } from '../page/element.js';
import { visible } from '../page/format.js';
import { icon } from '../page/icon.js';
import { button } from '../page/notice.js';
import type { Session } from '../session/session.js';
import { type Place, titles } from './place.js';
import { createStorageMeter } from './storage-meter.js';

export interface Header {
  element: HTMLElement;
  markView(place: Place): void;
  /** Loads the account, for the name and the storage that is used. */
  refresh(): void;
}

/** Who is signed in, the views to choose from, and the storage. */
export function createHeader(session: Session, signOut: () => void, showShortcuts: () => void): Header {
  const who = element('p', { class: 'who' });
  const storage = createStorageMeter();
  const help = button(icon('help'), showShortcuts, {
    class: 'icon-button',
    'aria-label': 'Keyboard shortcuts',
    title: 'Keyboard shortcuts (?)',
    'aria-keyshortcuts': '?',
  });
  const links = Object.entries(titles).map(([view, label]) => element('a', { href: `#${view}` }, label));
  const header = element(
    'header',
    { class: 'top' },
    element('p', { class: 'brand' }, element('b', {}, 'doctape'), ' files'),
    element('nav', { 'aria-label': 'Views' }, ...links),
    element('div', { class: 'account' }, storage.element, who, help, button('Sign out', signOut)),
  );
  return {
    element: header,
    markView({ view }) {
      const hash = `#${view === 'collection' ? 'collections' : view}`;
      for (const link of links) {
        if (link.getAttribute('href') === hash) link.setAttribute('aria-current', 'page');
        else link.removeAttribute('aria-current');
      }
    },
    async refresh() {
      await session.attempt(async () => {
        const account = await session.api.account.get({ signal: session.signal });
        session.username = account.username;
        storage.show(account);
        if (who.childElementCount > 0) return;
        const src = session.api.account.avatarUrl(50).href;
        const picture = element('img', { alt: '', src, width: '32', height: '32' });
        picture.addEventListener('error', () => picture.remove());
        who.append(picture, element('bdi', {}, visible(account.firstname || account.username)));
      });
    },
  };
}
