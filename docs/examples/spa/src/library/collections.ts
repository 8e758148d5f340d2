import type { Tape } from 'doctape-sdk';
import { element } from '../page/element.js';
import { formatCount, visible } from '../page/format.js';
import { icon } from '../page/icon.js';
import { emptyNotice } from '../page/notice.js';
import { hashOf } from './place.js';
import { isOwn, listOf } from './sharing.js';

/** All collections. doctape calls them tapes. */
export function collectionList(tapes: readonly Tape[]): HTMLElement {
  if (tapes.length === 0) {
    return emptyNotice('collection', 'No collections yet', 'Select files and choose “Add to collection” to make one.');
  }
  const sorted = [...tapes].sort((a, b) => a.name.localeCompare(b.name));
  return element('ul', { class: 'collections' }, ...sorted.map(collectionItem));
}

function collectionItem(tape: Tape): HTMLLIElement {
  return element(
    'li',
    { class: 'collection' },
    icon('collection'),
    element(
      'div',
      {},
      element(
        'h2',
        {},
        element(
          'a',
          { href: hashOf({ view: 'collection', tape: tape.id, search: '' }) },
          element('bdi', {}, visible(titleOf(tape))),
        ),
      ),
      element('p', { class: 'facts' }, `${formatCount(tape.files.length, 'file')} · ${audienceOf(tape)}`),
    ),
  );
}

/** The name without that of its owner. */
export function titleOf({ name }: Tape): string {
  return name.slice(name.indexOf('/') + 1);
}

export function audienceOf(tape: Tape): string {
  if (!isOwn(tape)) return `shared by ${listOf([tape.name.slice(0, tape.name.indexOf('/'))])}`;
  return tape.shared_with.length === 0 ? 'only you' : `shared with ${listOf(tape.shared_with)}`;
}
