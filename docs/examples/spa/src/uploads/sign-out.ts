import { element } from '../page/element.js';
import { openFormDialog } from '../page/form-dialog.js';
import { formatCount } from '../page/format.js';
import type { Session } from '../session/session.js';

/** Signs out. Asks first if files are on their way. */
export function askBeforeSigningOut(session: Session, unfinished: number): void {
  if (unfinished === 0) {
    session.signOut();
    return;
  }
  openFormDialog(session, {
    title: 'Sign out and cancel uploads?',
    content: [element('p', {}, `Not uploaded yet: ${formatCount(unfinished, 'file')}.`)],
    submitLabel: 'Sign out',
    destructive: true,
    submit: async () => () => session.signOut(),
  });
}
