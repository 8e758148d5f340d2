import type { FileInfo } from 'doctape-sdk';
import { openDialog } from './dialog.js';
import { element } from './element.js';
import { formatAge, formatSize, fullName } from './format.js';
import { type IconName, icon } from './icon.js';
import { detailOf, kindOf } from './kind.js';
import { previewContent } from './preview-content.js';
import type { Session } from './session.js';

/** Shows a file large, and the files beside it on the page by arrow keys. */
export function showPreview(
  session: Session,
  first: FileInfo,
  files: readonly FileInfo[],
  download: (file: FileInfo) => void,
): void {
  let file = first;
  let controller = new AbortController();
  const stage = element('div', { class: 'stage' });
  const facts = element('p', { class: 'facts' });
  const downloadButton = toolButton('Download', 'download');
  const previous = toolButton('Previous file', 'previous');
  const next = toolButton('Next file', 'next');
  const dialog = openDialog({
    title: fullName(file),
    className: 'preview',
    tools: files.length > 1 ? [previous, next, downloadButton] : [downloadButton],
    content: [stage, facts],
    closesLightly: true,
  });
  dialog.heading.setAttribute('aria-live', 'polite');
  dialog.element.querySelector<HTMLElement>('[aria-label="Close"]')?.focus();

  function show(shown: FileInfo): void {
    controller.abort(); // what was still on its way for the one before
    controller = new AbortController();
    file = shown;
    dialog.heading.textContent = fullName(file);
    const { label } = kindOf(file);
    facts.textContent = [label, detailOf(file), formatSize(file.size), `added ${formatAge(file.time_added)}`]
      .filter((fact) => fact !== undefined)
      .join(' · ');
    stage.replaceChildren(previewContent(session, file, AbortSignal.any([session.signal, controller.signal])));
  }

  function step(by: 1 | -1): void {
    const index = files.findIndex(({ id }) => id === file.id);
    const neighbour = files[(index + by + files.length) % files.length];
    if (neighbour) show(neighbour);
  }

  previous.addEventListener('click', () => step(-1));
  next.addEventListener('click', () => step(1));
  downloadButton.addEventListener('click', () => download(file));
  dialog.element.addEventListener('keydown', (event) => {
    const inContent = event.target instanceof Node && stage.contains(event.target); // players have arrow keys of their own
    if (inContent || files.length < 2) return;
    if (event.key === 'ArrowLeft') step(-1);
    if (event.key === 'ArrowRight') step(1);
  });
  dialog.element.addEventListener('close', () => {
    controller.abort();
    stage.replaceChildren(); // ends what plays
  });
  show(first);
}

function toolButton(label: string, name: IconName): HTMLButtonElement {
  return element('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label }, icon(name));
}
