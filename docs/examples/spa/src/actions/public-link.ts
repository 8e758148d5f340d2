import type { FileInfo } from 'doctape-sdk';
import { describeAudience } from '../library/sharing.js';
import { openDialog } from '../page/dialog.js';
import { element, uniqueId } from '../page/element.js';
import { fullName } from '../page/format.js';
import type { Session } from '../session/session.js';
import type { FileChanges } from './file-actions.js';

/** Publishes a file, copies its link, and takes it back. What it says stays in the dialog, where the focus is. */
export function editPublicLink(session: Session, file: FileInfo, changes: FileChanges): void {
  const content = element('div', {});
  const outcome = element('p', { role: 'status', class: 'outcome' });
  const problem = element('div', { role: 'alert' });
  const dialog = openDialog({
    title: `Public link to ${fullName(file)}`,
    className: 'small',
    content: [content, outcome, problem],
    closesLightly: true,
  });
  let current = file.public_url;
  let busy = false;
  dialog.element.addEventListener('close', () => {
    if (current !== file.public_url) changes.changed({ ...file, public_url: current }); // now that the page can have the focus
  });

  async function attempt(action: () => Promise<void>): Promise<void> {
    if (busy) return;
    busy = true;
    problem.replaceChildren();
    try {
      await action();
    } catch (error) {
      const sentence = session.explain(error);
      if (sentence !== undefined) problem.append(element('p', { class: 'alarm' }, sentence));
    } finally {
      busy = false;
    }
  }

  function show(address: string | null): void {
    current = address;
    content.replaceChildren(...(address === null ? privateContent() : publicContent(address)));
    content.querySelector<HTMLElement>('.primary')?.focus(); // what had the focus is gone
  }

  function privateContent(): Node[] {
    const publish = element('button', { type: 'button', class: 'primary' }, 'Publish');
    publish.addEventListener('click', () =>
      attempt(async () => {
        const { href } = await session.api.files.publish(file.id);
        show(href);
        outcome.textContent = 'Published.';
      }),
    );
    return [
      element(
        'p',
        {},
        `${describeAudience(file, changes.tapes(), false)} Publish it, and everybody who has the link can.`,
      ),
      element('div', { class: 'dialog-buttons' }, publish),
    ];
  }

  function publicContent(address: string): Node[] {
    const id = uniqueId();
    const link = element('input', { id, readonly: true, value: address, type: 'url' });
    link.addEventListener('focus', () => link.select());
    const copy = element('button', { type: 'button', class: 'primary' }, 'Copy link');
    copy.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(address);
        outcome.textContent = 'Copied the link.';
      } catch {
        link.focus();
        outcome.textContent = 'The link is selected: copy it with your keyboard.';
      }
    });
    const unpublish = element('button', { type: 'button' }, 'Unpublish');
    unpublish.addEventListener('click', () =>
      attempt(async () => {
        await session.api.files.unpublish(file.id);
        show(null);
        outcome.textContent = 'The link no longer works.';
      }),
    );
    return [
      element('p', {}, describeAudience(file, changes.tapes(), true)),
      element('label', { for: id }, 'Link'),
      link,
      element('div', { class: 'dialog-buttons' }, unpublish, copy),
    ];
  }

  show(file.public_url);
}
