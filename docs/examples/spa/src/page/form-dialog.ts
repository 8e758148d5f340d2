import type { Session } from '../session/session.js';
import { openDialog } from './dialog.js';
import { element } from './element.js';

export interface FormDialogOptions {
  title: string;
  content: Node[];
  submitLabel: string;
  destructive?: boolean;
  /**
   * Does what the form is for. The dialog stays open when it fails, with the reason in it.
   * @returns what follows once the dialog is closed: only then can the focus be put elsewhere on the page. Undefined if the
   * dialog stays open, because something in it is wrong
   */
  submit(): Promise<(() => void) | undefined>;
}

/** Asks for something, or for agreement, and does it. */
export function openFormDialog(
  session: Session,
  { title, content, submitLabel, destructive, submit }: FormDialogOptions,
): void {
  const cancel = element('button', { type: 'button' }, 'Cancel');
  const confirm = element('button', { type: 'submit', class: destructive ? 'danger' : 'primary' }, submitLabel);
  const problem = element('div', { role: 'alert' });
  const buttons = element('div', { class: 'dialog-buttons' }, cancel, confirm);
  const form = element('form', {}, ...content, problem, buttons);
  const dialog = openDialog({ title, className: 'small', content: [form] });
  cancel.addEventListener('click', dialog.close);

  let busy = false;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    confirm.setAttribute('aria-disabled', 'true'); // `disabled` would take the focus away
    problem.replaceChildren();
    try {
      const follow = await submit();
      if (!follow) return;
      dialog.close();
      follow();
    } catch (error) {
      const sentence = session.explain(error);
      if (sentence !== undefined) problem.append(element('p', { class: 'alarm' }, sentence));
    } finally {
      busy = false;
      confirm.removeAttribute('aria-disabled');
    }
  });
}
