import { element } from '../page/element.js';
import { icon } from '../page/icon.js';
import { button } from '../page/notice.js';
import { type Incoming, readPicked } from './incoming.js';

/** Chooses files, or a folder. */
export function createUploadButton(take: (incoming: Incoming[]) => void): { element: HTMLElement; choose(): void } {
  const input = element('input', { type: 'file', multiple: true, hidden: true });
  const choose = () => input.click();
  input.addEventListener('change', () => {
    take(readPicked(input.files ?? []));
    input.value = ''; // so that the same file can be chosen again
  });
  function chooseFolder(): void {
    const folderInput = element('input', { type: 'file', webkitdirectory: true });
    folderInput.addEventListener('change', () => take(readPicked(folderInput.files ?? [])));
    folderInput.click();
  }
  const upload = button(icon('upload'), choose, { class: 'primary', 'aria-keyshortcuts': 'u' });
  upload.append('Upload');
  const folder = button(icon('folder'), chooseFolder, {
    class: 'icon-button framed',
    'aria-label': 'Upload a folder',
    title: 'Upload a folder',
  });
  return { element: element('div', { class: 'upload-buttons' }, upload, folder, input), choose };
}
