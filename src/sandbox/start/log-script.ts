import { logPath } from '../log/request-log.js';

/** Adds new requests to the log while the page is visible. Rows that stay are not replaced, so that they keep a selection. */
export const logScript: string = `
const rows = document.getElementById('requests');
const live = document.getElementById('live');
const state = document.getElementById('live-state');
document.getElementById('live-control').hidden = false;
document.getElementById('reload').hidden = true;

async function update() {
  const response = await fetch('${logPath}?newest=' + encodeURIComponent(rows.rows[0]?.id ?? ''));
  if (response.status === 204) return;
  if (!response.ok) throw new Error('status ' + response.status);
  const template = document.createElement('template');
  template.innerHTML = '<table>' + (await response.text()) + '</table>';
  if (!live.checked) return; // paused in the meantime
  const newest = [...template.content.querySelectorAll('tr')];
  const ids = new Set(newest.map(({ id }) => id));
  rows.prepend(...newest.filter(({ id }) => !document.getElementById(id)));
  for (const row of [...rows.rows]) if (!ids.has(row.id)) row.remove();
}

async function refresh() {
  if (live.checked && !document.hidden) {
    try {
      await update();
      state.textContent = '';
    } catch {
      state.textContent = 'The sandbox does not respond. Trying again.';
    }
  }
  setTimeout(refresh, 1500);
}
refresh();
`;
