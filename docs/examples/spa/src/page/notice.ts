import { element } from './element.js';
import { type IconName, icon } from './icon.js';

/** In place of files: why there are none, and what to do about it. */
export function emptyNotice(name: IconName, title: string, text: string, ...buttons: HTMLElement[]): HTMLElement {
  return element(
    'div',
    { class: `notice notice-${name}`, role: name === 'alert' ? 'alert' : undefined },
    icon(name),
    element('h2', {}, title),
    element('p', {}, text),
    ...buttons,
  );
}

/** The shape of the files that are being loaded. */
export function placeholders(): HTMLElement {
  const card = () =>
    element(
      'li',
      { class: 'card placeholder' },
      element('div', { class: 'picture' }),
      element('div', { class: 'caption' }),
    );
  return element('ul', { class: 'grid', 'aria-hidden': 'true' }, ...Array.from({ length: 8 }, card));
}

export function button(
  label: string | Node,
  run: () => void,
  attributes: Record<string, string> = {},
): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, label);
  made.addEventListener('click', run);
  return made;
}
