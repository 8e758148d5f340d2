import { element } from './element.js';
import { icon } from './icon.js';
import { announceProblem } from './messages.js';

/** Takes files that are dropped anywhere on the page. What it shows is for the eye: the button does the same. */
export function createDropZone(take: (files: readonly File[]) => void, signal: AbortSignal): HTMLElement {
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
    const { files, folders } = readDrop(event.dataTransfer);
    if (folders) announceProblem('Folders cannot be uploaded. Choose the files in them.');
    if (files.length > 0) take(files);
  });
  return zone;
}

/** A folder pretends to be a file, and fails once it is read. */
function readDrop({ items }: DataTransfer): { files: File[]; folders: boolean } {
  const dropped = [...items].filter(({ kind }) => kind === 'file');
  const plain = dropped.filter((item) => item.webkitGetAsEntry()?.isDirectory !== true);
  return {
    files: plain.map((item) => item.getAsFile()).filter((file) => file !== null),
    folders: plain.length < dropped.length,
  };
}
