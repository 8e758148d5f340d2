/** Which files are selected, as in a file manager. */
export interface Selection {
  has(id: string): boolean;
  readonly size: number;
  toggle(id: string): void;
  /** Selects everything from the file that was selected last to this one, in the order of the page. */
  extendTo(id: string, order: readonly string[]): void;
  set(ids: Iterable<string>): void;
  /** Deselects files that are not on the page any more. */
  keepOnly(ids: ReadonlySet<string>): void;
}

export function createSelection(changed: () => void): Selection {
  let selected = new Set<string>();
  let anchor: string | undefined;
  return {
    has: (id) => selected.has(id),
    get size() {
      return selected.size;
    },
    toggle(id) {
      if (!selected.delete(id)) selected.add(id);
      anchor = id;
      changed();
    },
    extendTo(id, order) {
      const end = order.indexOf(id);
      const start = anchor === undefined ? -1 : order.indexOf(anchor);
      if (start < 0) anchor = id;
      for (const between of start < 0 ? [id] : order.slice(Math.min(start, end), Math.max(start, end) + 1)) {
        selected.add(between);
      }
      changed();
    },
    set(ids) {
      selected = new Set(ids);
      anchor = undefined;
      changed();
    },
    keepOnly(ids) {
      const before = selected.size;
      selected = new Set([...selected].filter((id) => ids.has(id)));
      if (selected.size !== before) changed();
    },
  };
}
