import { element } from '../page/element.js';
import { icon } from '../page/icon.js';
import { type Kind, kinds, pluralOf } from './kind.js';
import { firstDirection, type Look, sortKeys } from './look.js';
import type { Place } from './place.js';

const sortLabels = { added: 'Date', name: 'Name', size: 'Size', kind: 'Kind' } as const;

export interface Toolbar {
  element: HTMLElement;
  focusSearch(): void;
  show(place: Place, look: Look): void;
}

export interface ToolbarOptions {
  searched(text: string): void;
  filtered(kind: Kind | undefined): void;
  looked(look: Look): void;
}

/** Search, a filter by kind, the order and the layout. */
export function createToolbar(first: Look, { searched, filtered, looked }: ToolbarOptions): Toolbar {
  const search = element('input', {
    type: 'search',
    'aria-label': 'Search files',
    placeholder: 'Search names and tags',
    'aria-keyshortcuts': '/',
    autocomplete: 'off',
  });
  const kind = element(
    'select',
    { 'aria-label': 'Kind of file' },
    element('option', { value: '' }, 'All kinds'),
    ...kinds.map((name) => element('option', { value: name }, pluralOf(name))),
  );
  const sort = element(
    'select',
    { 'aria-label': 'Sort by' },
    ...sortKeys.map((key) => element('option', { value: key }, sortLabels[key])),
  );
  const direction = element('button', { type: 'button', class: 'icon-button framed' });
  const layout = element('button', { type: 'button', class: 'icon-button framed' });
  let look = first;

  search.addEventListener('input', () => searched(search.value));
  search.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || search.value === '') return;
    event.preventDefault();
    search.value = '';
    searched('');
  });
  kind.addEventListener('change', () => filtered(kinds.find((name) => name === kind.value)));
  sort.addEventListener('change', () => {
    const key = sortKeys.find((name) => name === sort.value) ?? 'added';
    looked({ ...look, sort: key, descending: firstDirection(key) });
  });
  direction.addEventListener('click', () => looked({ ...look, descending: !look.descending }));
  layout.addEventListener('click', () => looked({ ...look, layout: look.layout === 'grid' ? 'list' : 'grid' }));

  function label(button: HTMLButtonElement, text: string, name: Parameters<typeof icon>[0]): void {
    button.setAttribute('aria-label', text);
    button.title = text;
    button.replaceChildren(icon(name));
  }

  return {
    element: element(
      'div',
      { class: 'filters' },
      element('search', {}, icon('search'), search),
      kind,
      element('div', { class: 'order' }, sort, direction, layout),
    ),
    focusSearch() {
      search.focus();
      search.select();
    },
    show(place, next) {
      look = next;
      if (search.value.trim() !== place.search) search.value = place.search;
      kind.value = place.kind ?? '';
      sort.value = look.sort;
      label(
        direction,
        look.descending ? 'Sorted descending' : 'Sorted ascending',
        look.descending ? 'sortDown' : 'sortUp',
      );
      label(
        layout,
        look.layout === 'grid' ? 'Show as a list' : 'Show as a grid',
        look.layout === 'grid' ? 'list' : 'grid',
      );
    },
  };
}
