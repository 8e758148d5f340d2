import type { FileInfo } from 'doctape-sdk';
import { kindOf } from './kind.js';

export const sortKeys = ['added', 'name', 'size', 'kind'] as const;
export type SortKey = (typeof sortKeys)[number];

/** How files are laid out and in which order. The browser remembers it. */
export interface Look {
  layout: 'grid' | 'list';
  sort: SortKey;
  descending: boolean;
}

const storageKey = 'doctape-files:look';
const initial: Look = { layout: 'grid', sort: 'added', descending: true };

export function readLook(): Look {
  try {
    const stored: Partial<Record<keyof Look, unknown>> = JSON.parse(localStorage.getItem(storageKey) ?? '{}');
    return {
      layout: stored.layout === 'list' ? 'list' : 'grid',
      sort: sortKeys.find((key) => key === stored.sort) ?? initial.sort,
      descending: typeof stored.descending === 'boolean' ? stored.descending : initial.descending,
    };
  } catch {
    return initial; // the storage is blocked, or holds something else
  }
}

export function rememberLook(look: Look): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(look));
  } catch {
    // the storage is blocked: the look lasts as long as the page
  }
}

/** `file 2` comes before `file 10`. */
const byName = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

const comparisons: Record<SortKey, (a: FileInfo, b: FileInfo) => number> = {
  added: (a, b) => a.time_added.getTime() - b.time_added.getTime(),
  name: () => 0,
  size: (a, b) => a.size - b.size,
  kind: (a, b) => byName.compare(kindOf(a).label, kindOf(b).label),
};

/** Files that are equal in what they are sorted by are sorted by name, and then by id, so that their order never changes. */
export function comparisonOf({ sort, descending }: Look): (a: FileInfo, b: FileInfo) => number {
  const sign = descending ? -1 : 1;
  return (a, b) =>
    sign * comparisons[sort](a, b) ||
    (sort === 'name' ? sign : 1) * byName.compare(a.name, b.name) ||
    a.id.localeCompare(b.id);
}

/** The direction that people expect first: the newest and the largest on top, names from A to Z. */
export function firstDirection(sort: SortKey): boolean {
  return sort === 'added' || sort === 'size';
}
