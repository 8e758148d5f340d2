// A click is lost if its target moves between the press and the release: then the browser finds another element under the pointer.

let pressed = false;
const waiting = new Set<() => void>();

addEventListener(
  'pointerdown',
  ({ isPrimary, button }) => {
    pressed = isPrimary && button === 0;
  },
  { capture: true },
);
for (const end of ['pointerup', 'pointercancel', 'dragend']) addEventListener(end, release, { capture: true });
addEventListener('blur', release); // of the window
// the release can happen where the page does not see it, such as in a context menu
addEventListener('pointermove', ({ buttons }) => buttons === 0 && release(), { capture: true });

function release(): void {
  if (!pressed) return;
  pressed = false;
  setTimeout(() => {
    if (pressed) return; // a double click: they wait for its second release
    const runs = [...waiting];
    waiting.clear();
    for (const run of runs) run();
  }); // after the click
}

/** Calls this after the click, if the user is pressing something, and else at once. */
export function afterPress(run: () => void): void {
  if (pressed) waiting.add(run);
  else run();
}
