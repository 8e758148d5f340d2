import type { Progress } from 'doctape-sdk';
import { element } from './element.js';
import { formatSize } from './format.js';
import { icon } from './icon.js';

export interface UploadRow {
  element: HTMLLIElement;
  file: File;
  state: 'waiting' | 'sending' | 'done' | 'failed';
  /** @returns what aborts when the user cancels */
  start(): AbortSignal;
  showProgress(progress: Progress): void;
  finish(): void;
  fail(sentence: string): void;
}

export interface UploadRowOptions {
  cancelled(): void;
  retry(): void;
}

/** One file on its way. */
export function createUploadRow(file: File, { cancelled, retry }: UploadRowOptions): UploadRow {
  let controller = new AbortController();
  const bar = element('progress', { max: '1', value: '0', 'aria-label': `Upload of ${file.name}` });
  const status = element('p', { class: 'facts' });
  const retryButton = element(
    'button',
    { type: 'button', class: 'text-button', 'aria-label': `Retry upload of ${file.name}` },
    'Retry',
  );
  const cancelButton = element(
    'button',
    { type: 'button', class: 'icon-button', 'aria-label': `Cancel upload of ${file.name}` },
    icon('close'),
  );
  const row: UploadRow = {
    element: element(
      'li',
      {},
      element('div', { class: 'upload-text' }, element('p', { class: 'name' }, element('bdi', {}, file.name)), status),
      retryButton,
      cancelButton,
      bar,
    ),
    file,
    state: 'waiting',
    start() {
      controller = new AbortController();
      show('sending', 'Starting');
      return controller.signal;
    },
    showProgress({ loaded, fraction = 0 }) {
      if (row.state !== 'sending') return;
      bar.value = fraction;
      // the last bytes are sent before the server has stored them all
      status.textContent =
        fraction < 1 ? `${formatSize(loaded)} of ${formatSize(file.size)}` : `${formatSize(file.size)}, finishing`;
    },
    finish: () => show('done', formatSize(file.size)),
    fail: (sentence) => show('failed', sentence),
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
  }

  cancelButton.addEventListener('click', () => {
    controller.abort();
    cancelled();
  });
  retryButton.addEventListener('click', () => {
    show('waiting', 'Waiting');
    cancelButton.focus();
    retry();
  });
  show('waiting', 'Waiting');
  return row;
}
