import { element, uniqueId } from './element.js';
import { icon } from './icon.js';
import { openLayer } from './layers.js';

export interface DialogOptions {
  title: string;
  className: string;
  content: Node[];
  /** Beside the button that closes it. */
  tools?: Node[];
  /** Whether a click beside it closes it too: not where something could be lost. */
  closesLightly?: boolean;
  /** Whether the URL stands for it. Otherwise it gets a history entry here. */
  inUrl?: boolean;
}

export interface OpenDialog {
  element: HTMLDialogElement;
  heading: HTMLHeadingElement;
  close(): void;
}

/** A modal dialog: the browser keeps the focus in it, closes it on Escape, and gives the focus back afterwards. */
export function openDialog({ title, className, content, tools = [], closesLightly, inUrl }: DialogOptions): OpenDialog {
  const id = uniqueId();
  const heading = element('h2', { id, dir: 'auto' }, title);
  const closeButton = element('button', { type: 'button', class: 'icon-button', 'aria-label': 'Close' }, icon('close'));
  const dialog = element(
    'dialog',
    { class: className, 'aria-labelledby': id, closedby: closesLightly ? 'any' : 'closerequest' },
    element('div', { class: 'dialog-head' }, heading, ...tools, closeButton),
    ...content,
  );
  closeButton.addEventListener('click', () => dialog.close());
  const leave = inUrl ? () => {} : openLayer(() => dialog.close());
  dialog.addEventListener('close', () => {
    dialog.remove();
    leave();
  });
  document.body.append(dialog);
  dialog.showModal();
  return { element: dialog, heading, close: () => dialog.close() };
}
