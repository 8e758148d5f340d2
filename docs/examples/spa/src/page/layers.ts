// Dialogs have history entries, so that Back closes them, as it does everywhere else.

interface Layer {
  id: string;
  /** Whether it has its history entry yet. It waits for a step back that is under way, and that step must not close it. */
  entered: boolean;
  close(): void;
}

const open: Layer[] = [];

/** A step back that is under way. What is pushed before it has ended would be removed with it. */
let stepping: Promise<void> = Promise.resolve();

function layersIn(state: unknown): string[] {
  if (typeof state !== 'object' || state === null || !('layers' in state) || !Array.isArray(state.layers)) return [];
  return state.layers.filter((id) => typeof id === 'string');
}

/** Adds a history entry. @param close closes what was opened, when the user goes back; it calls what this returns, too */
export function openLayer(close: () => void): () => void {
  const layer: Layer = { id: crypto.randomUUID(), entered: false, close };
  open.push(layer);
  stepping.then(() => {
    if (!open.includes(layer)) return;
    history.pushState({ layers: [...layersIn(history.state), layer.id] }, '');
    layer.entered = true;
  });
  return () => {
    const index = open.indexOf(layer);
    if (index < 0) return; // closed by Back
    open.splice(index, 1);
    if (layersIn(history.state).includes(layer.id)) goBack();
  };
}

/** Goes back one entry. */
export function goBack(): Promise<void> {
  stepping = new Promise((resolve) => {
    addEventListener('popstate', () => resolve(), { once: true });
  });
  history.back();
  return stepping;
}

/** Changes the URL once a step back has ended. A `push` can be taken back with {@link leaveEntry}. */
export function visit(hash: string, how: 'push' | 'replace'): Promise<void> {
  return stepping.then(() => {
    if (how === 'push') history.pushState({ pushed: true }, '', hash);
    else history.replaceState(history.state, '', hash);
  });
}

/** Leaves the current entry: goes back if the page has pushed it, so that Back does not open again what was closed. */
export function leaveEntry(hash: string): void {
  stepping.then(() => {
    if (typeof history.state === 'object' && history.state !== null && 'pushed' in history.state) goBack();
    else visit(hash, 'replace');
  });
}

addEventListener('popstate', () => {
  const current = layersIn(history.state);
  for (const layer of open.filter(({ id, entered }) => entered && !current.includes(id)).reverse()) {
    open.splice(open.indexOf(layer), 1);
    layer.close();
  }
});
