import { element } from '../page/element.js';
import { type IconName, icon } from '../page/icon.js';

export interface MenuItem {
  label: string;
  icon: IconName;
  destructive?: boolean;
  run: () => void;
}

export interface FileMenu {
  element: HTMLElement;
  /** Makes a button open the menu, with the items that are available at that time. */
  attachTo(button: HTMLButtonElement, items: () => MenuItem[]): void;
  close(): void;
  /** Calls this once the menu is closed: at once, if it is. Until then the file of the menu stays beside it. */
  whenClosed(run: () => void): void;
}

/** Between the menu and the edges of the window, in pixels. */
const margin = 8;
/** Between the menu and its button. */
const gap = 4;

/** One menu for all files. It is a popover, so it opens above everything, and closes on Escape or a click elsewhere. */
export function createFileMenu(signal: AbortSignal): FileMenu {
  const menu = element('div', {
    id: 'file-menu',
    class: 'menu',
    role: 'menu',
    popover: 'auto',
    'aria-label': 'Actions',
  });
  let opener: HTMLButtonElement | undefined;
  const isOpen = () => menu.matches(':popover-open');

  /**
   * Places the menu below its button, or above, or beside it, so that all of it is in the window. It scrolls with the page.
   * It is not placed by CSS anchor positioning: such a menu is cut off if it fits neither above nor below the button, and
   * it follows scrolling, and everything that moves the button, a frame later. A click in between misses it.
   */
  function place(button: HTMLButtonElement): void {
    const { left, right, top, bottom } = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = menu;
    const { clientWidth, clientHeight } = document.documentElement;
    const lowest = clientHeight - margin - height;
    const below = bottom + gap;
    const above = top - gap - height;
    let x = right - width;
    let y = below;
    if (below > lowest) y = above;
    if (y < margin) {
      y = lowest;
      x = left - gap - width;
      if (x < margin) x = right + gap;
    }
    menu.style.left = `${scrollX + Math.max(margin, Math.min(x, clientWidth - margin - width))}px`;
    menu.style.top = `${scrollY + Math.max(margin, y)}px`;
  }

  addEventListener('resize', () => opener && isOpen() && place(opener), { signal });

  function buttonFor(item: MenuItem): HTMLButtonElement {
    const button = element(
      'button',
      {
        type: 'button',
        role: 'menuitem',
        tabindex: '-1',
        class: item.destructive ? 'destructive' : undefined,
      },
      icon(item.icon),
      item.label,
    );
    button.addEventListener('click', () => {
      menu.hidePopover(); // first, because it restores the focus to the button, where a dialog returns it later
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
    } else if (event.key === 'Tab') menu.hidePopover(); // the focus continues from the button that opened it
  });

  const waiting = new Set<() => void>();
  menu.addEventListener('toggle', ({ newState }) => {
    if (newState === 'open') return;
    const runs = [...waiting];
    waiting.clear();
    for (const run of runs) run();
  });

  return {
    element: menu,
    close: () => menu.hidePopover(),
    whenClosed(run) {
      if (isOpen()) waiting.add(run);
      else run();
    },
    attachTo(button, items) {
      button.popoverTargetElement = menu; // a press on the button does not count as one beside the menu
      button.setAttribute('aria-haspopup', 'menu');
      button.addEventListener('click', (event) => {
        event.preventDefault(); // it is opened here, because it has a size only when it is open
        const closes = isOpen() && opener === button;
        menu.hidePopover();
        if (closes) return;
        opener = button;
        menu.replaceChildren(...items().map(buttonFor));
        menu.showPopover({ source: button });
        place(button);
        menu.querySelector('button')?.focus(); // in its place, or the page would scroll to where it was before
      });
    },
  };
}
