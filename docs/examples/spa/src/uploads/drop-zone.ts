import { element } from '../page/element.js';
import { isolated } from '../page/format.js';
import { icon } from '../page/icon.js';
import { announceProblem } from '../page/messages.js';
import { type Incoming, readDrop } from './incoming.js';

/** Takes files and folders that are dropped anywhere on the page. What it shows is for the eye: the button does the same. */
export function createDropZone(take: (incoming: Incoming[]) => void, signal: AbortSignal): HTMLElement {
  const zone = element(
    'div',
    { class: 'drop-zone', hidden: true, 'aria-hidden': 'true' },
    element('p', {}, icon('upload'), 'Drop to upload'),
  );
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') === true;
  const takesNow = () => document.querySelector('dialog[open]') === null;
  let depth = 0; // each element that is entered is left again, in any order

  const on = (type: 'dragenter' | 'dragover' | 'dragleave' | 'drop', listener: (event: DragEvent) => void) =>
    addEventListener(
      type,
      (event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault(); // or the browser would open the file in place of the page
        listener(event);
      },
      { signal },
    );

  on('dragenter', () => {
    depth += 1;
    zone.hidden = !takesNow();
  });
  on('dragleave', () => {
    depth -= 1;
    zone.hidden = depth <= 0;
  });
  on('dragover', (event) => {
    if (event.dataTransfer) event.dataTransfer.dropEffect = takesNow() ? 'copy' : 'none';
  });
  on('drop', (event) => {
    depth = 0;
    zone.hidden = true;
    if (!event.dataTransfer || !takesNow()) return;
    readDrop(event.dataTransfer).then(({ incoming, unreadable }) => {
      if (incoming.length > 0) take(incoming);
      if (unreadable.length > 0) announceProblem(`Your browser could not read ${unreadable.map(isolated).join(', ')}.`);
      else if (incoming.length === 0) announceProblem('There are no files in what you dropped.');
    });
  });
  return zone;
}
