import type { FileInfo } from 'doctape-sdk';
import type { MenuItem } from '../library/file-menu.js';
import { detailOf, kindOf } from '../library/kind.js';
import { withoutPeople } from '../library/sharing.js';
import { type OpenDialog, openDialog } from '../page/dialog.js';
import { element } from '../page/element.js';
import { formatAge, formatSize, fullName, isolated } from '../page/format.js';
import { type IconName, icon } from '../page/icon.js';
import type { Session } from '../session/session.js';
import { previewContent } from './preview-content.js';

export interface PreviewOptions {
  /** The files on the page, in their order. */
  files(): readonly FileInfo[];
  /** Called when the user goes to another file, or closes the preview. */
  moved(id: string | undefined): void;
  itemsFor(file: FileInfo): MenuItem[];
}

export interface Preview {
  /** Shows this file large, or closes the preview. */
  show(file: FileInfo | undefined): void;
}

/** A file shown large, and the files beside it on the page by arrow keys. The URL says which file it is. */
export function createPreview(session: Session, { files, moved, itemsFor }: PreviewOptions): Preview {
  let file: FileInfo | undefined;
  let controller = new AbortController();
  let dialog: OpenDialog | undefined;
  const stage = element('div', { class: 'stage' });
  const facts = element('p', { class: 'facts' });

  function open(): OpenDialog {
    const download = toolButton('Download', 'download');
    const previous = toolButton('Previous file', 'previous');
    const next = toolButton('Next file', 'next');
    const opened = openDialog({
      title: '',
      className: 'preview',
      tools: files().length > 1 ? [previous, next, download] : [download],
      content: [stage, facts],
      closesLightly: true,
      inUrl: true,
    });
    opened.heading.setAttribute('aria-live', 'polite');
    opened.element.querySelector<HTMLElement>('[aria-label="Close"]')?.focus();
    previous.addEventListener('click', () => step(-1));
    next.addEventListener('click', () => step(1));
    download.addEventListener('click', () => {
      if (file)
        itemsFor(file)
          .find(({ label }) => label === 'Download')
          ?.run();
    });
    opened.element.addEventListener('keydown', (event) => {
      const inContent = event.target instanceof Node && stage.contains(event.target); // players have arrow keys of their own
      if (inContent || files().length < 2) return;
      if (event.key === 'ArrowLeft') step(-1);
      if (event.key === 'ArrowRight') step(1);
    });
    opened.element.addEventListener('close', () => {
      const shown = file;
      clear();
      if (shown) moved(undefined); // by the user: otherwise it was cleared before
    });
    return opened;
  }

  function clear(): void {
    file = undefined;
    dialog = undefined;
    controller.abort();
    stage.replaceChildren(); // ends what plays
  }

  function step(by: 1 | -1): void {
    const all = files();
    const index = all.findIndex(({ id }) => id === file?.id);
    const neighbour = all[(index + by + all.length) % all.length];
    if (neighbour) moved(neighbour.id);
  }

  return {
    show(next) {
      if (next === undefined) {
        const closing = dialog;
        clear();
        closing?.close();
        return;
      }
      dialog ??= open();
      dialog.heading.textContent = fullName(next);
      facts.textContent = [
        kindOf(next).label,
        detailOf(next),
        formatSize(next.size),
        `added ${formatAge(next.time_added)}`,
        ...withoutPeople(next.tags).map(isolated),
      ]
        .filter((fact) => fact !== undefined)
        .join(' · ');
      const isOther = next.id !== file?.id;
      file = next;
      if (!isOther) return;
      controller.abort(); // what is still on its way for the one before
      controller = new AbortController();
      stage.replaceChildren(previewContent(session, file, AbortSignal.any([session.signal, controller.signal])));
    },
  };
}

function toolButton(label: string, name: IconName): HTMLButtonElement {
  return element('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label }, icon(name));
}
