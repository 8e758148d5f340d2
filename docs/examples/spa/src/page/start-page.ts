import { element } from './element.js';

export interface Notice {
  title: string;
  text: string;
  problem?: string | undefined;
  action: { label: string; run: () => void };
  note?: string;
}

/** A panel with one message and one action, such as the page for signed-out users. */
export function showNotice(app: HTMLElement, { title, text, problem, action, note }: Notice): void {
  const button = element('button', { type: 'button', class: 'primary wide' }, action.label);
  button.addEventListener('click', action.run);
  const heading = element('h1', { tabindex: '-1' }, title);
  const alarm = element('div', { role: 'alert' });
  app.replaceChildren(
    element(
      'main',
      { class: 'panel' },
      element('p', { class: 'brand' }, element('b', {}, 'doctape'), ' files'),
      heading,
      element('p', {}, text),
      alarm,
      button,
      ...(note === undefined ? [] : [element('p', { class: 'note' }, note)]),
    ),
  );
  document.title = 'doctape files';
  if (problem !== undefined) alarm.append(element('p', { class: 'alarm' }, problem)); // after it is on the page, so that screen readers announce it
  heading.focus();
}
