import { element, putInOrder, uniqueId } from '../page/element.js';
import { formatCount, formatSize, formatTimeLeft } from '../page/format.js';
import { icon } from '../page/icon.js';
import { button } from '../page/notice.js';
import { createSpeed } from './speed.js';
import type { UploadRow } from './upload-row.js';

export interface UploadPanel {
  element: HTMLElement;
  /** Shows the rows: those that are on their way first, then those that failed. */
  show(rows: readonly UploadRow[]): void;
  /** Shows how far all of them are. */
  showTotal(rows: readonly UploadRow[]): void;
  expand(): void;
  takeFocus(): void;
}

const ranks: Record<UploadRow['state'], number> = { sending: 0, failed: 1, waiting: 2, done: 3 };

/** A folder can have thousands of files. The browser would be busy with their rows. */
const mostRows = 100;

export function createUploadPanel(actions: { cancelAll(): void; retryAll(): void; close(): void }): UploadPanel {
  const headingId = uniqueId();
  const heading = element('h2', { id: headingId, tabindex: '-1' }, 'Uploads');
  const summary = element('p', { class: 'facts' });
  const rate = element('p', { class: 'facts rate' });
  const total = element('progress', { max: '1', value: '0', 'aria-label': 'All uploads' });
  const list = element('ul', { id: uniqueId() });
  const more = element('li', { class: 'facts' });
  const minimise = button(icon('minimise'), () => setMinimised(!minimised), {
    class: 'icon-button minimise',
    'aria-controls': list.id,
  });
  const close = button(icon('close'), actions.close, { class: 'icon-button', 'aria-label': 'Close uploads' });
  const cancelAll = button('Cancel all', actions.cancelAll, { class: 'text-button' });
  const retryAll = button('Retry all', actions.retryAll, { class: 'text-button' });
  const buttons = element('div', { class: 'upload-all' }, retryAll, cancelAll);
  const panel = element(
    'section',
    { class: 'uploads', 'aria-labelledby': headingId, hidden: true },
    element('div', { class: 'uploads-head' }, element('div', { role: 'status' }, heading, summary), minimise, close),
    total,
    element('div', { class: 'upload-foot' }, rate, buttons),
    list,
  );
  const speed = createSpeed();
  let minimised = false;

  function setMinimised(value: boolean): void {
    minimised = value;
    panel.classList.toggle('minimised', minimised);
    const label = minimised ? 'Show uploads' : 'Minimise uploads';
    minimise.setAttribute('aria-label', label);
    minimise.setAttribute('aria-expanded', String(!minimised));
    minimise.title = label;
    list.hidden = minimised;
  }

  function showTotal(rows: readonly UploadRow[]): void {
    const counted = rows.filter(({ state }) => state !== 'failed');
    const size = counted.reduce((sum, { file }) => sum + file.size, 0);
    const loaded = counted.reduce((sum, row) => sum + row.loaded, 0);
    total.value = size === 0 ? 0 : loaded / size;
    speed.add(loaded);
    const current = speed.now();
    rate.textContent = [
      `${formatSize(loaded)} of ${formatSize(size)}`,
      ...(current === undefined
        ? []
        : [`${formatSize(current)}/s`, `${formatTimeLeft((size - loaded) / current)} left`]),
    ].join(' · ');
  }

  setMinimised(false);
  return {
    element: panel,
    showTotal,
    show(rows) {
      const count = (state: UploadRow['state']) => rows.filter((row) => row.state === state).length;
      const [done, failed] = [count('done'), count('failed')];
      const under = rows.length - done - failed;
      summary.textContent =
        done === rows.length ? 'All done' : `${done} of ${rows.length} done${failed === 0 ? '' : `, ${failed} failed`}`;
      panel.hidden = rows.length === 0;
      close.hidden = under > 0; // it would take the buttons to cancel with it
      total.hidden = under === 0;
      rate.hidden = under === 0;
      cancelAll.hidden = under < 2;
      retryAll.hidden = failed < 2;
      buttons.parentElement?.toggleAttribute('hidden', under === 0 && failed < 2);
      if (under === 0) speed.reset();
      else showTotal(rows);
      const sorted = [...rows].sort((a, b) => ranks[a.state] - ranks[b.state]).map((row) => row.element);
      const rest = sorted.length - mostRows;
      more.textContent = `and ${formatCount(rest, 'more file')}`;
      putInOrder(list, rest > 0 ? [...sorted.slice(0, mostRows), more] : sorted);
    },
    expand: () => setMinimised(false),
    takeFocus: () => (panel.hidden ? document.querySelector<HTMLElement>('main h1') : heading)?.focus(),
  };
}
