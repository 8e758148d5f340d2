import type { ApiClient, FileInfo, Tape } from 'doctape-sdk';
import { element, uniqueId } from '../page/element.js';
import { formatAge, formatSize, fullName, visible } from '../page/format.js';
import { icon } from '../page/icon.js';
import type { FileMenu, MenuItem } from './file-menu.js';
import { kindOf } from './kind.js';
import { listOf, readersOf, withoutPeople } from './sharing.js';

export interface FileCard {
  element: HTMLLIElement;
  file: FileInfo;
  /** Shows the file as it is now; the focus stays where it is. */
  update(file: FileInfo): void;
  setSelected(selected: boolean): void;
  /** Of all cards, Tab reaches one. The arrow keys lead to the others. */
  setReachable(reachable: boolean): void;
  focus(): void;
}

export interface CardOptions {
  api: ApiClient;
  menu: FileMenu;
  tapes(): readonly Tape[];
  open(file: FileInfo): void;
  toggleStar(file: FileInfo): void;
  itemsFor(file: FileInfo): MenuItem[];
}

export function createFileCard(
  first: FileInfo,
  { api, menu, tapes, open, toggleStar, itemsFor }: CardOptions,
  select: (event: MouseEvent, id: string) => void,
): FileCard {
  const nameId = uniqueId();
  const name = element('h2', { class: 'name', id: nameId });
  const facts = element('p', { class: 'facts' });
  const marks = element('ul', { class: 'marks', 'aria-label': 'Tags' });
  const openButton = element('button', { type: 'button', class: 'open' }); // over the whole card
  const checkbox = element('input', { type: 'checkbox', class: 'select' });
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
      checkbox,
      star,
    ),
    file: first,
    update(file) {
      card.file = file;
      const full = fullName(file);
      // apart from each other and from the rest, because a name may be written from right to left
      name.replaceChildren(
        element('bdi', {}, visible(file.name)),
        ...(file.extension === '' ? [] : [element('bdi', { class: 'extension' }, `.${visible(file.extension)}`)]),
      );
      name.setAttribute('aria-label', full); // in one word, though it is laid out in two
      facts.replaceChildren(`${formatSize(file.size)} · ${formatAge(file.time_added)}`);
      marks.replaceChildren(...marksOf(file, tapes()));
      marks.hidden = marks.childElementCount === 0;
      openButton.setAttribute('aria-label', `Open ${full}`);
      openButton.title = `Open ${full}`; // for the eye: a card may be too small for the name
      checkbox.setAttribute('aria-label', `Select ${full}`);
      star.setAttribute('aria-label', `Star ${full}`);
      star.setAttribute('aria-pressed', String(file.starred));
      star.hidden = file.shared !== 0;
      more.setAttribute('aria-label', `Actions for ${full}`);
    },
    setSelected(selected) {
      checkbox.checked = selected;
      openButton.classList.toggle('selected', selected);
    },
    setReachable(reachable) {
      for (const control of [openButton, checkbox, star, more]) control.tabIndex = reachable ? 0 : -1;
    },
    focus: () => openButton.focus(),
  };
  openButton.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) select(event, card.file.id);
    else open(card.file);
  });
  checkbox.addEventListener('click', (event) => select(event, card.file.id));
  star.addEventListener('click', () => toggleStar(card.file));
  menu.attachTo(more, () => itemsFor(card.file));
  card.setReachable(false);
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
      element('span', {}, visible(file.extension.slice(0, 5)).toUpperCase() || label),
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

function marksOf(file: FileInfo, tapes: readonly Tape[]): HTMLLIElement[] {
  const readers = file.shared === 0 ? readersOf(file, tapes) : [];
  const states = [
    ...(file.public_url === null ? [] : ['Public']),
    ...(file.shared === 0 ? [] : ['Shared with you']),
    ...(readers.length === 0
      ? []
      : [`Shared with ${readers.length > 2 ? `${readers.length} people` : listOf(readers)}`]),
  ];
  return [
    ...states.map((state) => element('li', { class: 'state' }, state)),
    ...withoutPeople(file.tags).map((tag) => element('li', {}, element('bdi', {}, visible(tag)))),
  ];
}
