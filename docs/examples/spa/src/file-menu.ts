import { element } from './element.js';
import { type IconName, icon } from './icon.js';

export interface MenuItem {
  label: string;
  icon: IconName;
  destructive?: boolean;
  run: () => void;
}

export interface FileMenu {
  element: HTMLElement;
  /** Makes a button open the menu, with the items that there are at that time. */
  attachTo(button: HTMLButtonElement, items: () => MenuItem[]): void;
}

/** One menu for all files. As a popover it opens above everything, and closes on Escape or a click elsewhere. */
export function createFileMenu(): FileMenu {
  const menu = element('div', {
    id: 'file-menu',
    class: 'menu',
    role: 'menu',
    popover: 'auto',
    'aria-label': 'Actions',
  });

  function buttonFor(item: MenuItem, index: number): HTMLButtonElement {
    const button = element(
      'button',
      {
        type: 'button',
        role: 'menuitem',
        tabindex: '-1',
        class: item.destructive ? 'destructive' : undefined,
        autofocus: index === 0,
      },
      icon(item.icon),
      item.label,
    );
    button.addEventListener('click', () => {
      menu.hidePopover(); // first: it gives the focus back to the button, for a dialog to return to
      item.run();
    });
    return button;
  }

  menu.addEventListener('keydown', (event) => {
    const buttons = [...menu.querySelectorAll('button')];
    const current = buttons.findIndex((button) => button.matches(':focus'));
    const targets: Record<string, number> = {
      ArrowDown: (current + 1) % buttons.length,
      ArrowUp: (current - 1 + buttons.length) % buttons.length,
      Home: 0,
      End: buttons.length - 1,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      event.preventDefault();
      buttons[target]?.focus();
    } else if (event.key === 'Tab') menu.hidePopover(); // and go on from the button that opened it
  });

  return {
    element: menu,
    attachTo(button, items) {
      button.popoverTargetElement = menu;
      button.setAttribute('aria-haspopup', 'menu');
      // a listener runs before the browser opens the menu
      button.addEventListener('click', () => menu.replaceChildren(...items().map(buttonFor)));
    },
  };
}
