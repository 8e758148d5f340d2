import type { Progress } from 'doctape-sdk';
import { element } from '../page/element.js';
import { formatSize, isolated, visible } from '../page/format.js';
import { icon } from '../page/icon.js';

export interface UploadRow {
  element: HTMLLIElement;
  file: File;
  tags: readonly string[];
  /** The bytes that have been sent. */
  loaded: number;
  state: 'waiting' | 'sending' | 'done' | 'failed';
  /** @returns what aborts when the user cancels */
  start(): AbortSignal;
  /** Waits for its turn again, after it has failed. */
  wait(): void;
  cancel(): void;
  showProgress(progress: Progress): void;
  finish(): void;
  fail(sentence: string): void;
}

export interface UploadRowOptions {
  cancelled(): void;
  retry(): void;
}

/** One file on its way. */
export function createUploadRow(
  file: File,
  tags: readonly string[],
  { cancelled, retry }: UploadRowOptions,
): UploadRow {
  let controller = new AbortController();
  const name = isolated(file.name);
  const bar = element('progress', { max: '1', value: '0', 'aria-label': `Upload of ${name}` });
  const status = element('p', { class: 'facts' });
  const retryButton = element(
    'button',
    { type: 'button', class: 'text-button', 'aria-label': `Retry upload of ${name}` },
    'Retry',
  );
  const cancelButton = element(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': `Cancel upload of ${name}` },
    icon('close'),
  );
  const row: UploadRow = {
    element: element(
      'li',
      {},
      element(
        'div',
        { class: 'upload-text' },
        element('p', { class: 'name' }, element('bdi', {}, visible(file.name))),
        status,
      ),
      retryButton,
      cancelButton,
      bar,
    ),
    file,
    tags,
    loaded: 0,
    state: 'waiting',
    start() {
      controller = new AbortController();
      show('sending', 'Starting');
      return controller.signal;
    },
    showProgress({ loaded, fraction = 0 }) {
      if (row.state !== 'sending') return;
      row.loaded = Math.min(loaded, file.size);
      bar.value = fraction;
      // the last bytes are sent before the server has stored them all
      status.textContent =
        fraction < 1 ? `${formatSize(loaded)} of ${formatSize(file.size)}` : `${formatSize(file.size)}, finishing`;
    },
    finish: () => show('done', formatSize(file.size)),
    wait: () => show('waiting', 'Waiting'),
    fail: (sentence) => show('failed', sentence),
    cancel() {
      controller.abort();
      cancelled();
    },
  };

  function show(state: UploadRow['state'], text: string): void {
    row.state = state;
    row.element.className = `upload ${state}`;
    status.textContent = text;
    bar.hidden = state === 'done' || state === 'failed';
    retryButton.hidden = state !== 'failed';
    const focused = document.activeElement === cancelButton;
    cancelButton.hidden = state === 'done';
    if (focused && cancelButton.hidden) row.element.closest('section')?.querySelector('h2')?.focus();
    if (state === 'waiting') bar.value = 0;
    if (state !== 'sending') row.loaded = state === 'done' ? file.size : 0;
  }

  cancelButton.addEventListener('click', () => row.cancel());
  retryButton.addEventListener('click', () => {
    row.wait();
    cancelButton.focus();
    retry();
  });
  row.wait();
  return row;
}
