import type { FileInfo } from 'doctape-sdk';
import { element, uniqueId } from './element.js';
import { icon } from './icon.js';
import { announce } from './messages.js';
import type { Session } from './session.js';
import { createUploadRow, type UploadRow } from './upload-row.js';

export interface Uploads {
  element: HTMLElement;
  add(files: readonly File[]): void;
}

/** More would share the same line, and each would be slower. */
const atOnce = 2;

/** Uploads files, a few at a time, and shows how far each of them is. */
export function createUploads(session: Session, uploaded: (file: FileInfo) => void): Uploads {
  const headingId = uniqueId();
  const heading = element('h2', { id: headingId, tabindex: '-1' }, 'Uploads');
  const summary = element('p', { class: 'facts' });
  const clear = element(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': 'Close uploads' },
    icon('close'),
  );
  const list = element('ul', {});
  const panel = element(
    'section',
    { class: 'uploads', 'aria-labelledby': headingId, hidden: true },
    element('div', { class: 'uploads-head' }, element('div', { role: 'status' }, heading, summary), clear),
    list,
  );
  const waiting: UploadRow[] = [];
  let rows: UploadRow[] = [];
  let running = 0;

  async function send(row: UploadRow): Promise<void> {
    const signal = AbortSignal.any([session.signal, row.start()]);
    try {
      const { id } = await session.api.files.upload(row.file, { signal, onProgress: row.showProgress });
      row.finish();
      session.attempt(async () => uploaded(await session.api.files.get(id, { signal: session.signal })));
    } catch (error) {
      if (signal.aborted) return;
      const sentence = session.explain(error);
      if (sentence !== undefined) row.fail(sentence);
    }
  }

  function sendNext(): void {
    while (running < atOnce) {
      const row = waiting.shift();
      if (!row) break;
      running += 1;
      send(row).finally(() => {
        running -= 1;
        sendNext();
      });
    }
    showSummary();
  }

  function showSummary(): void {
    const under = running + waiting.length;
    const done = rows.filter((row) => row.state === 'done').length;
    const failed = rows.filter((row) => row.state === 'failed').length;
    const failures = failed === 0 ? '' : `, ${failed} failed`;
    summary.textContent = done === rows.length ? 'All done' : `${done} of ${rows.length} done${failures}`;
    clear.hidden = under > 0; // it would take the buttons to cancel with it
    panel.hidden = rows.length === 0;
    if (under > 0) addEventListener('beforeunload', askBeforeLeaving);
    else removeEventListener('beforeunload', askBeforeLeaving);
  }

  function discard(row: UploadRow): void {
    rows = rows.filter((other) => other !== row);
    const index = waiting.indexOf(row);
    if (index >= 0) waiting.splice(index, 1);
    const focused = row.element.contains(document.activeElement);
    row.element.remove();
    showSummary();
    if (focused) (panel.hidden ? document.querySelector<HTMLElement>('main h1') : heading)?.focus();
  }

  clear.addEventListener('click', () => {
    rows = [];
    list.replaceChildren();
    showSummary();
    document.querySelector<HTMLElement>('main h1')?.focus();
  });
  session.signal.addEventListener('abort', () => removeEventListener('beforeunload', askBeforeLeaving), { once: true });

  return {
    element: panel,
    add(files) {
      for (const file of files) {
        const row = createUploadRow(file, {
          cancelled() {
            discard(row);
            announce(`Cancelled the upload of ${file.name}`);
          },
          retry() {
            waiting.push(row);
            sendNext();
          },
        });
        rows.push(row);
        waiting.push(row);
        list.append(row.element);
      }
      sendNext();
      list.lastElementChild?.scrollIntoView({ block: 'nearest' });
    },
  };
}

function askBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
