import type { Account } from 'doctape-sdk';
import { element } from '../page/element.js';
import { formatSize } from '../page/format.js';

/** How much of the quota is used. */
export function createStorageMeter(): { element: HTMLElement; show(account: Account): void } {
  const meter = element('meter', { min: '0', max: '1', high: '0.9', optimum: '0', 'aria-label': 'Storage' });
  const text = element('p', { class: 'facts' }, '\u00a0');
  const storage = element('div', { class: 'storage loading' }, meter, text); // it has its place from the start
  return {
    element: storage,
    show({ quota, quota_used }) {
      storage.classList.remove('loading');
      storage.hidden = quota <= 0;
      meter.value = quota_used / quota;
      const used = `${formatSize(quota_used)} of ${formatSize(quota)} used`;
      meter.setAttribute('aria-valuetext', used);
      text.textContent = quota_used >= quota ? `${used}: delete files to make room` : used;
      text.classList.toggle('full', quota_used >= quota * 0.9);
    },
  };
}
