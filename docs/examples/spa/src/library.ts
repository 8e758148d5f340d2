import type { FileInfo } from 'doctape-sdk';
import { createDropZone } from './drop-zone.js';
import { element } from './element.js';
import { createFileActions } from './file-actions.js';
import { createFileGrid } from './file-grid.js';
import { createFileMenu } from './file-menu.js';
import { formatSize } from './format.js';
import { createHeader, markView } from './header.js';
import { type IconName, icon } from './icon.js';
import type { Session } from './session.js';
import { createUploads } from './uploads.js';
import { currentView, matchesSearch } from './view.js';

/** The signed-in app. */
export function showLibrary(app: HTMLElement, session: Session): void {
  const header = createHeader(session);
  const heading = element('h1', { tabindex: '-1' });
  const summary = element('p', { class: 'facts', role: 'status' });
  const search = element('input', { type: 'search', 'aria-label': 'Search files', placeholder: 'Search' });
  const fileInput = element('input', { type: 'file', multiple: true, hidden: true });
  const uploadButton = element('button', { type: 'button', class: 'primary' }, icon('upload'), 'Upload');
  const place = element('div', { class: 'place' });

  const menu = createFileMenu();
  const actions = createFileActions(session, {
    changed(file) {
      grid.update(file);
      show();
    },
    deleted(file) {
      grid.remove(file.id);
      show();
    },
    visible: () => grid.visible(),
  });
  const grid = createFileGrid({ api: session.api, menu, ...actions }, () => heading.focus());
  const uploads = createUploads(session, (file) => {
    if (state !== 'ready') return; // the list that is on its way has it
    grid.add(file);
    show();
  });
  let state: 'loading' | 'failed' | 'ready' = 'loading';

  async function load(): Promise<void> {
    state = 'loading';
    show();
    try {
      const files = await session.api.files.list({ includeMeta: true, signal: session.signal });
      state = 'ready';
      grid.setFiles(files.sort((a, b) => b.time_added.getTime() - a.time_added.getTime()));
      show();
    } catch (error) {
      state = 'failed';
      const sentence = session.explain(error);
      if (sentence !== undefined) show(sentence);
    }
  }

  function show(problem = ''): void {
    const view = currentView();
    document.title = `${view.label} – doctape files`;
    heading.textContent = view.label;
    markView(header, view.hash);
    place.setAttribute('aria-busy', String(state === 'loading'));
    if (state === 'loading') {
      summary.textContent = 'Loading your files…';
      place.replaceChildren(placeholders());
      return;
    }
    if (state === 'failed') {
      summary.textContent = '';
      place.replaceChildren(notice('alert', 'Your files could not be loaded', problem, button('Try again', load)));
      return;
    }
    const wanted = search.value.trim();
    grid.filter((file) => view.matches(file) && matchesSearch(file, wanted));
    const files = grid.visible();
    summary.textContent = summaryOf(files);
    if (files.length > 0) {
      if (grid.element.parentElement !== place) place.replaceChildren(grid.element);
    } else if (wanted !== '') {
      const clear = button('Clear the search', () => {
        search.value = '';
        search.focus();
        show();
      });
      place.replaceChildren(notice('search', 'Nothing found', 'No name or tag here has all of these words.', clear));
    } else {
      const { title, text } = view.empty;
      const isAll = grid.all().length === 0;
      place.replaceChildren(
        notice(isAll ? 'upload' : 'document', title, text, ...(isAll ? [button('Choose files', choose)] : [])),
      );
    }
  }

  function choose(): void {
    fileInput.click();
  }

  uploadButton.addEventListener('click', choose);
  fileInput.addEventListener('change', () => {
    uploads.add([...(fileInput.files ?? [])]);
    fileInput.value = ''; // so that the same file can be chosen again
  });
  search.addEventListener('input', () => show());
  addEventListener('hashchange', () => show(), { signal: session.signal });

  app.replaceChildren(
    header,
    element(
      'main',
      { class: 'library' },
      element(
        'div',
        { class: 'toolbar' },
        element('div', { class: 'title' }, heading, summary),
        element('search', {}, icon('search'), search),
        uploadButton,
        fileInput,
      ),
      place,
      menu.element,
    ),
    uploads.element,
    createDropZone((files) => uploads.add(files), session.signal),
  );
  load();
}

function summaryOf(files: readonly FileInfo[]): string {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const count = `${files.length} ${files.length === 1 ? 'file' : 'files'}`;
  return files.length === 0 ? '' : `${count}, ${formatSize(bytes)}`;
}

/** The shape of what is to come. */
function placeholders(): HTMLElement {
  const card = () =>
    element(
      'li',
      { class: 'card placeholder' },
      element('div', { class: 'picture' }),
      element('div', { class: 'caption' }),
    );
  return element('ul', { class: 'grid', 'aria-hidden': 'true' }, ...Array.from({ length: 8 }, card));
}

function notice(name: IconName, title: string, text: string, ...buttons: HTMLElement[]): HTMLElement {
  return element(
    'div',
    { class: `notice notice-${name}`, role: name === 'alert' ? 'alert' : undefined },
    icon(name),
    element('h2', {}, title),
    element('p', {}, text),
    ...buttons,
  );
}

function button(label: string, run: () => void): HTMLButtonElement {
  const made = element('button', { type: 'button' }, label);
  made.addEventListener('click', run);
  return made;
}
