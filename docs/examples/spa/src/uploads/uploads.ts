import type { FileInfo } from 'doctape-sdk';
import { isolated } from '../page/format.js';
import { announce } from '../page/messages.js';
import type { Session } from '../session/session.js';
import type { Incoming } from './incoming.js';
import { createUploadPanel } from './upload-panel.js';
import { createUploadRow, type UploadRow } from './upload-row.js';

export interface Uploads {
  element: HTMLElement;
  add(incoming: readonly Incoming[]): void;
  /** Adds files that an earlier session did not upload. The user starts them. */
  addUnsent(unsent: readonly Unsent[]): void;
  /** How many files are waiting or on their way. */
  unfinished(): number;
  /** All files that are not uploaded, also those that failed. */
  unsent(): Unsent[];
}

/** A file that is not uploaded, with the tags that it would have got. */
export type Unsent = Pick<UploadRow, 'file' | 'tags'>;

export interface UploadsOptions {
  uploaded(file: FileInfo): void;
  /** Called when nothing is on its way any more. */
  finished(): void;
  /** The tags of files that are added now: those of the collection that is open. */
  tags(): readonly string[];
}

/** More would share the same line, and each would be slower. */
const atOnce = 3;

/**
 * Uploads files, a few at a time. It calls `files.upload()` for each, and not `files.uploadEach()` for all, because each
 * row has its own progress and can be cancelled, and files can be added while others are on their way.
 */
export function createUploads(session: Session, { uploaded, finished, tags }: UploadsOptions): Uploads {
  const waiting: UploadRow[] = [];
  let rows: UploadRow[] = [];
  let running = 0;
  const panel = createUploadPanel({
    cancelAll() {
      for (const row of rows.filter(({ state }) => state === 'waiting' || state === 'sending')) row.cancel();
    },
    retryAll() {
      for (const row of rows.filter(({ state }) => state === 'failed')) {
        row.wait();
        waiting.push(row);
      }
      sendNext();
    },
    close() {
      rows = [];
      showPanel();
      document.querySelector<HTMLElement>('main h1')?.focus();
    },
  });

  async function send(row: UploadRow): Promise<void> {
    const signal = AbortSignal.any([session.signal, row.start()]);
    const onProgress: UploadRow['showProgress'] = (progress) => {
      row.showProgress(progress);
      panel.showTotal(rows);
    };
    try {
      showPanel();
      const { id } = await session.api.files.upload(row.file, { signal, onProgress, tags: row.tags });
      row.finish();
      await session.attempt(async () => uploaded(await session.api.files.get(id, { signal: session.signal })));
    } catch (error) {
      if (signal.aborted) return;
      const sentence = await reasonOf(error, row.file);
      if (sentence !== undefined) row.fail(sentence);
    }
  }

  /** A file that was moved, changed or is a folder fails like a connection: reading it tells. */
  async function reasonOf(error: unknown, file: File): Promise<string | undefined> {
    const sentence = session.explain(error);
    if (sentence === undefined) return undefined;
    try {
      await file.slice(0, 1).arrayBuffer();
      return sentence;
    } catch {
      return 'Your browser can no longer read this file. Choose it again.';
    }
  }

  function sendNext(): void {
    while (running < atOnce) {
      const row = waiting.shift();
      if (!row) break;
      running += 1;
      send(row).finally(() => {
        running -= 1;
        if (session.signal.aborted) return;
        sendNext();
        if (unfinished() === 0) finished();
      });
    }
    showPanel();
  }

  function showPanel(): void {
    panel.show(rows);
    if (unfinished() > 0) addEventListener('beforeunload', askBeforeLeaving);
    else removeEventListener('beforeunload', askBeforeLeaving);
  }

  function discard(row: UploadRow): void {
    rows = rows.filter((other) => other !== row);
    const index = waiting.indexOf(row);
    if (index >= 0) waiting.splice(index, 1);
    const focused = row.element.contains(document.activeElement);
    showPanel();
    if (focused) panel.takeFocus();
  }

  function addRow({ file, tags }: Unsent): UploadRow {
    const row = createUploadRow(file, tags, {
      cancelled() {
        discard(row);
        announce(`Cancelled the upload of ${isolated(file.name)}`);
      },
      retry() {
        waiting.push(row);
        sendNext();
      },
    });
    rows.push(row);
    return row;
  }

  const unfinished = () => rows.filter(({ state }) => state === 'waiting' || state === 'sending').length;

  session.signal.addEventListener('abort', () => removeEventListener('beforeunload', askBeforeLeaving), { once: true });

  return {
    element: panel.element,
    unfinished,
    add(incoming) {
      for (const { file, folder } of incoming) {
        const folderTags = folder === undefined ? [] : [folder.replaceAll(',', ' ')]; // doctape has no folders
        waiting.push(addRow({ file, tags: [...folderTags, ...tags()] }));
      }
      panel.expand();
      sendNext();
    },
    addUnsent(unsent) {
      for (const one of unsent) addRow(one).fail('Not uploaded, because your session had ended.');
      showPanel();
    },
    unsent: () => rows.filter(({ state }) => state !== 'done').map(({ file, tags: own }) => ({ file, tags: own })),
  };
}

/** For `beforeunload`, while the page has files that are not uploaded. */
export function askBeforeLeaving(event: BeforeUnloadEvent): void {
  event.preventDefault();
}
