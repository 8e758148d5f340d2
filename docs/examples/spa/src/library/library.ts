import type { FileInfo, Tape } from 'doctape-sdk';
import { askToDelete } from '../actions/delete-file.js';
import { createFileActions, type FileChanges } from '../actions/file-actions.js';
import { shareCollection } from '../actions/share.js';
import { element } from '../page/element.js';
import { formatCount, formatSize, isolated } from '../page/format.js';
import { icon } from '../page/icon.js';
import { leaveEntry, visit } from '../page/layers.js';
import { announceProblem } from '../page/messages.js';
import { button, emptyNotice, placeholders } from '../page/notice.js';
import { afterPress } from '../page/press.js';
import { createPreview } from '../preview/preview.js';
import type { Session } from '../session/session.js';
import { createDropZone } from '../uploads/drop-zone.js';
import { askBeforeSigningOut } from '../uploads/sign-out.js';
import { createUploadButton } from '../uploads/upload-button.js';
import { createUploads, type Unsent, type Uploads } from '../uploads/uploads.js';
import { audienceOf, collectionList, titleOf } from './collections.js';
import { createFileGrid } from './file-grid.js';
import { createFileMenu } from './file-menu.js';
import { createHeader } from './header.js';
import { comparisonOf, readLook, rememberLook } from './look.js';
import { emptyViews, hashOf, matches, type Place, readPlace, titles } from './place.js';
import { createSelectionBar } from './selection-bar.js';
import { isOwn, withoutPeople } from './sharing.js';
import { handleShortcuts, showShortcuts } from './shortcuts.js';
import { createToolbar } from './toolbar.js';

/**
 * Shows the signed-in app.
 * @param unsent files that an earlier session did not upload
 * @returns the uploads of this session
 */
export function showLibrary(app: HTMLElement, session: Session, unsent: readonly Unsent[]): Uploads {
  let state: 'loading' | 'failed' | 'ready' = 'loading';
  let problem = '';
  let place = readPlace();
  let look = readLook();
  let tapes: Tape[] = [];
  /** For each list of files that is on its way, what has changed in the meantime: it may not have that yet. */
  const onTheirWay = new Set<Map<string, FileInfo | undefined>>();
  const remember = (id: string, file: FileInfo | undefined) => {
    for (const newer of onTheirWay) newer.set(id, file);
  };

  const changes: FileChanges = {
    changed(file) {
      remember(file.id, file);
      changes.expected(file);
    },
    expected(file) {
      grid.put(file);
      show();
    },
    added(file) {
      showAdded(file);
      header.refresh();
    },
    deleted(file) {
      remember(file.id, undefined);
      grid.remove(file.id);
      show();
      header.refresh();
    },
    async tagsChanged() {
      await session.attempt(loadTapes);
      grid.all().forEach(grid.put);
      show();
    },
    tapes: () => tapes,
  };
  const open = (file: FileInfo) => goTo({ ...place, file: file.id });
  const header = createHeader(session, () => askBeforeSigningOut(session, uploads.unfinished()), showShortcuts);
  const heading = element('h1', { tabindex: '-1', dir: 'auto' });
  const summary = element('p', { class: 'facts', role: 'status' });
  const content = element('div', { class: 'place' });
  const shareButton = button('Share', shareTape);
  const menu = createFileMenu(session.signal);
  const actions = createFileActions(session, changes, open);
  const grid = createFileGrid({
    api: session.api,
    menu,
    ...actions,
    tapes: () => tapes,
    open,
    remove(file) {
      const chosen = grid.selected();
      const own = (chosen.some(({ id }) => id === file.id) ? chosen : [file]).filter(({ shared }) => shared === 0);
      if (own.length > 0) askToDelete(session, own, changes);
      else announceProblem('Only its owner can delete this file.');
    },
    selectionChanged: () => bar.show(grid.selected(), tapeShown()),
    leaveFocus: () => heading.focus(),
  });
  const bar = createSelectionBar(session, changes, allTags, () => {
    grid.clearSelection();
    heading.focus();
  });
  const uploads = createUploads(session, {
    uploaded: showAdded,
    finished() {
      changes.tagsChanged();
      header.refresh();
    },
    tags() {
      const tape = tapeShown();
      return tape && isOwn(tape) ? [`#${tape.name}`] : [];
    },
  });
  const uploadButton = createUploadButton(uploads.add);
  const toolbar = createToolbar(look, {
    searched(text) {
      const search = text.trim();
      // one history entry for a search, not one for each letter
      const how = (place.search === '') === (search === '') ? 'replace' : 'push';
      goTo({ ...place, search }, how);
    },
    filtered: (kind) => goTo({ ...place, kind }),
    looked(next) {
      look = next;
      rememberLook(look);
      show();
    },
  });
  const preview = createPreview(session, {
    files: () => grid.visible(),
    moved(file) {
      if (file !== undefined) return goTo({ ...place, file }, 'replace');
      place = { ...place, file };
      leaveEntry(hashOf(place));
    },
    itemsFor: actions.itemsFor,
  });

  function showAdded(file: FileInfo): void {
    remember(file.id, file);
    if (state !== 'ready') return; // it is shown with the others
    grid.put(file);
    show();
  }

  function setPlace(next: Place): void {
    const isOther = next.view !== place.view || next.tape !== place.tape;
    if (hashOf(next) !== hashOf(place)) menu.close();
    place = next;
    if (isOther) grid.clearSelection();
  }

  function goTo(next: Place, how: 'push' | 'replace' = 'push'): void {
    setPlace(next);
    show();
    visit(hashOf(next), how);
  }

  function tapeShown(): Tape | undefined {
    return place.view === 'collection' ? tapes.find(({ id }) => id === place.tape) : undefined;
  }

  function shareTape(): void {
    const tape = tapeShown();
    if (!tape) return;
    shareCollection(session, tape, (updated) => {
      tapes = tapes.map((other) => (other.id === updated.id ? updated : other));
      grid.all().forEach(grid.put);
      show();
    });
  }

  function allTags(): string[] {
    const tags = grid.all().flatMap((file) => (file.shared === 0 ? withoutPeople(file.tags) : []));
    return [...new Set(tags)].sort();
  }

  async function loadTapes(): Promise<void> {
    tapes = await session.api.tapes.list({ signal: session.signal });
  }

  async function load(): Promise<void> {
    state = 'loading';
    show();
    await reload();
  }

  /** Also brings in what has changed in another window. */
  async function reload(): Promise<void> {
    const newer = new Map<string, FileInfo | undefined>();
    onTheirWay.add(newer);
    try {
      const [files] = await Promise.all([
        session.api.files.list({ includeMeta: true, signal: session.signal }),
        loadTapes(),
      ]);
      state = 'ready';
      grid.setFiles(files);
      for (const [id, file] of newer) {
        if (file) grid.put(file);
        else grid.remove(id);
      }
      show();
    } catch (error) {
      const sentence = session.explain(error);
      if (sentence === undefined || state === 'ready') return; // what is shown is what was there
      state = 'failed';
      problem = sentence;
      show();
    } finally {
      onTheirWay.delete(newer);
    }
  }

  /** Shows what there is now. Files do not move while the user clicks, or chooses an action in the menu of a file. */
  function show(): void {
    afterPress(showUnlessInMenu);
  }

  function showUnlessInMenu(): void {
    menu.whenClosed(showNow);
  }

  function showNow(): void {
    if (session.signal.aborted) return; // the page shows something else
    const tape = tapeShown();
    const title = place.view === 'collection' ? isolated(tape ? titleOf(tape) : 'Collection') : titles[place.view];
    document.title = `${title} – doctape files`;
    heading.textContent = title;
    header.markView(place);
    toolbar.show(place, look);
    toolbar.element.hidden = place.view === 'collections';
    shareButton.hidden = !tape || !isOwn(tape);
    content.setAttribute('aria-busy', String(state === 'loading'));
    grid.arrange({
      matches: (file) => matches(place, file, tape),
      compare: comparisonOf(look),
      layout: look.layout,
    });
    summary.textContent = state === 'loading' ? 'Loading your files…' : summaryOf(tape);
    const inside = contentOf(tape);
    if (content.firstElementChild !== inside) content.replaceChildren(inside);
    bar.show(grid.selected(), tape);
    if (state === 'ready') preview.show(grid.all().find(({ id }) => id === place.file));
  }

  function contentOf(tape: Tape | undefined): HTMLElement {
    if (state === 'loading') return placeholders();
    if (state === 'failed') {
      return emptyNotice('alert', 'Your files could not be loaded', problem, button('Try again', load));
    }
    if (place.view === 'collections') return collectionList(tapes);
    if (grid.visible().length > 0) return grid.element;
    if (place.search !== '' || place.kind !== undefined) {
      const clear = button('Show all', () => {
        goTo({ ...place, search: '', kind: undefined });
        heading.focus();
      });
      return emptyNotice('search', 'Nothing found', 'No files match your search and filter.', clear);
    }
    if (place.view === 'collection' && !tape) {
      return emptyNotice('collection', 'Collection not found', 'It does not exist, or is no longer shared with you.');
    }
    const { title, text } = emptyViews[place.view];
    const isAll = place.view === 'all';
    return emptyNotice(
      isAll ? 'upload' : 'document',
      title,
      text,
      ...(isAll ? [button('Choose files', uploadButton.choose)] : []),
    );
  }

  function summaryOf(tape: Tape | undefined): string {
    if (state === 'failed') return '';
    if (place.view === 'collections') return tapes.length === 0 ? '' : formatCount(tapes.length, 'collection');
    const files = grid.visible();
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    return [
      ...(files.length === 0 ? [] : [`${formatCount(files.length, 'file')}, ${formatSize(bytes)}`]),
      ...(tape ? [audienceOf(tape)] : []),
    ].join(' · ');
  }

  addEventListener(
    'popstate',
    () => {
      setPlace(readPlace());
      show();
    },
    { signal: session.signal },
  );
  addEventListener('online', () => state === 'failed' && load(), { signal: session.signal });
  let seen = Date.now();
  document.addEventListener(
    'visibilitychange',
    () => {
      if (document.visibilityState === 'hidden') seen = Date.now();
      else if (state === 'ready' && Date.now() - seen > 10_000) reload();
    },
    { signal: session.signal },
  );
  handleShortcuts(
    {
      search: toolbar.focusSearch,
      upload: uploadButton.choose,
      clearSelection() {
        const any = grid.selected().length > 0;
        grid.clearSelection();
        return any;
      },
    },
    session.signal,
  );

  app.replaceChildren(
    button('Skip to the files', () => heading.focus(), { class: 'skip' }),
    header.element,
    element(
      'main',
      { class: 'library' },
      element(
        'div',
        { class: 'toolbar' },
        element('div', { class: 'title' }, heading, summary),
        toolbar.element,
        shareButton,
        uploadButton.element,
      ),
      bar.element,
      content,
      menu.element,
    ),
    uploads.element,
    createDropZone(uploads.add, session.signal),
  );
  shareButton.prepend(icon('share'));
  session.onMissing(reload); // another window has deleted or unshared it
  header.refresh();
  load();
  if (unsent.length > 0) uploads.addUnsent(unsent);
  return uploads;
}
