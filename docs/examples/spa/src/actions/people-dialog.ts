import { openDialog } from '../page/dialog.js';
import { element, uniqueId } from '../page/element.js';
import { isolated, visible } from '../page/format.js';
import { icon } from '../page/icon.js';
import type { Session } from '../session/session.js';

export type PeopleChange = (people: readonly string[]) => readonly string[];

export interface PeopleDialog {
  title: string;
  people: readonly string[];
  /** Who can see it, in a sentence. */
  describe(people: readonly string[]): string;
  /** Changes the list as it is stored: another window may have changed it. @returns the list as it is now */
  save(change: PeopleChange): Promise<readonly string[]>;
  /** What to say about a failure, if there is more to say than in general. */
  explainFailure?(error: unknown, added: string | undefined): string | undefined;
  /** Said after somebody was added. */
  note?: string;
}

/** Shares something with users, one at a time: each change is saved at once, and a name that does not exist is reported. */
export function openPeopleDialog(session: Session, options: PeopleDialog): void {
  const { title, describe, save, explainFailure, note = '' } = options;
  const inputId = uniqueId();
  const audience = element('p', {});
  const list = element('ul', { class: 'tags', 'aria-label': 'Shared with' });
  const input = element('input', {
    id: inputId,
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    autofocus: true,
  });
  const form = element(
    'form',
    { class: 'with-button' },
    input,
    element('button', { type: 'submit', class: 'primary' }, 'Share'),
  );
  const outcome = element('p', { role: 'status', class: 'hint' });
  const problem = element('div', { role: 'alert' });
  let people = options.people;
  let busy = false;

  async function change(next: PeopleChange, done: string, added?: string): Promise<void> {
    if (busy) return;
    busy = true;
    problem.replaceChildren();
    outcome.textContent = '';
    try {
      people = await save(next);
      if (added !== undefined) input.value = '';
      outcome.textContent = done;
      show();
      input.focus();
    } catch (error) {
      const sentence = explainFailure?.(error, added) ?? session.explain(error);
      if (sentence !== undefined) problem.append(element('p', { class: 'alarm' }, sentence));
    } finally {
      busy = false;
    }
  }

  function show(): void {
    audience.textContent = describe(people);
    list.replaceChildren(
      ...people.map((name) => {
        const remove = element(
          'button',
          { type: 'button', 'aria-label': `Stop sharing with ${isolated(name)}` },
          icon('close'),
        );
        remove.addEventListener('click', () =>
          change((now) => now.filter((other) => other !== name), `No longer shared with ${isolated(name)}.`),
        );
        return element('li', {}, element('bdi', {}, visible(name)), remove);
      }),
    );
    list.hidden = people.length === 0;
  }

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const name = input.value.trim().replace(/^[+@]/, '');
    if (name === '') return;
    if (!/^[\w.-]{1,64}$/.test(name)) {
      problem.replaceChildren(
        element('p', { class: 'alarm' }, 'A user name has letters, digits, dots, hyphens and underscores.'),
      );
    } else if (people.includes(name)) outcome.textContent = `It is already shared with ${name}.`;
    else change((now) => [...now, name], `Shared with ${name}. ${note}`.trim(), name);
  });
  show();
  openDialog({
    title,
    className: 'small',
    content: [audience, list, element('label', { for: inputId }, 'User name'), form, outcome, problem],
    closesLightly: true,
  });
}
