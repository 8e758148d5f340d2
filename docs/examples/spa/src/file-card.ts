import type { ApiClient, FileInfo } from 'doctape-sdk';
import { element, uniqueId } from './element.js';
import type { FileMenu, MenuItem } from './file-menu.js';
import { formatAge, formatSize, fullName } from './format.js';
import { icon } from './icon.js';
import { kindOf } from './kind.js';

export interface FileCard {
  element: HTMLLIElement;
  file: FileInfo;
  /** Shows the file as it is now; the focus stays where it is. */
  update(file: FileInfo): void;
  focus(): void;
}

export interface CardOptions {
  api: ApiClient;
  menu: FileMenu;
  open(file: FileInfo): void;
  toggleStar(file: FileInfo): void;
  itemsFor(file: FileInfo): MenuItem[];
}

export function createFileCard(first: FileInfo, { api, menu, open, toggleStar, itemsFor }: CardOptions): FileCard {
  const nameId = uniqueId();
  const name = element('h2', { class: 'name', id: nameId });
  const facts = element('p', { class: 'facts' });
  const marks = element('ul', { class: 'marks', 'aria-label': 'Tags' });
  const openButton = element('button', { type: 'button', class: 'open' }); // over the whole card
  const star = element('button', { type: 'button', class: 'icon-button star' }, icon('star'));
  const more = element('button', { type: 'button', class: 'icon-button more' }, icon('more'));
  const card: FileCard = {
    element: element(
      'li',
      { class: 'card', 'aria-labelledby': nameId },
      openButton,
      element('div', { class: 'picture', 'aria-hidden': 'true' }, pictureOf(first, api)),
      element('div', { class: 'caption' }, element('div', {}, name, facts), more),
      marks,
      star,
    ),
    file: first,
    update(file) {
      card.file = file;
      const full = fullName(file);
      // apart from each other and from the rest, because a name may hold marks that turn the direction of text
      name.replaceChildren(
        element('bdi', {}, file.name),
        ...(file.extension === '' ? [] : [element('bdi', { class: 'extension' }, `.${file.extension}`)]),
      );
      name.setAttribute('aria-label', full); // in one word, though it is laid out in two
      facts.replaceChildren(`${formatSize(file.size)} · ${formatAge(file.time_added)}`);
      marks.replaceChildren(...marksOf(file));
      marks.hidden = marks.childElementCount === 0;
      openButton.setAttribute('aria-label', `Open ${full}`);
      openButton.title = `Open ${full}`; // for the eye: a card may be too small for the name
      star.setAttribute('aria-label', `Star ${full}`);
      star.setAttribute('aria-pressed', String(file.starred));
      star.hidden = file.shared !== 0;
      more.setAttribute('aria-label', `Actions for ${full}`);
    },
    focus: () => openButton.focus(),
  };
  openButton.addEventListener('click', () => open(card.file));
  star.addEventListener('click', () => toggleStar(card.file));
  menu.attachTo(more, () => itemsFor(card.file));
  card.update(first);
  return card;
}

/** The thumbnail, where there is one: behind it is a picture of the kind of file. */
function pictureOf(file: FileInfo, api: ApiClient): DocumentFragment {
  const { label, icon: iconName } = kindOf(file);
  const picture = document.createDocumentFragment();
  picture.append(
    element(
      'span',
      { class: `kind kind-${iconName}` },
      icon(iconName),
      element('span', {}, file.extension.slice(0, 5).toUpperCase() || label),
    ),
  );
  if (file.media_type === 'image' || file.media_type === 'video') {
    const image = element('img', { alt: '', loading: 'lazy', decoding: 'async', draggable: 'false' });
    image.addEventListener('error', () => image.remove());
    image.src = api.files.url(file.id, file.media_type === 'image' ? 'thumb_320.jpg' : 'poster_640.jpg').href;
    picture.append(image);
  }
  return picture;
}

function marksOf({ public_url, shared, tags }: FileInfo): HTMLLIElement[] {
  const states = [...(public_url === null ? [] : ['Public']), ...(shared === 0 ? [] : ['Shared with you'])];
  return [
    ...states.map((state) => element('li', { class: 'state' }, state)),
    ...tags.map((tag) => element('li', {}, element('bdi', {}, tag))),
  ];
}
