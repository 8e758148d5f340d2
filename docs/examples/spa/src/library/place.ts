import type { FileInfo, Tape } from 'doctape-sdk';
import { type Kind, kindOf, kinds } from './kind.js';

/** What the page shows. It is in the URL, so that Back and Forward, reloads and links work, and a sign-in returns to it. */
export interface Place {
  view: 'all' | 'starred' | 'public' | 'shared' | 'collections' | 'collection';
  /** The id of the tape, if the view is `collection`. */
  tape?: string;
  kind?: Kind | undefined;
  search: string;
  /** The id of the file in the preview. */
  file?: string | undefined;
}

const names = ['all', 'starred', 'public', 'shared', 'collections'] as const;

export function readPlace(hash: string = location.hash): Place {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const params = new URLSearchParams(query);
  const kind = params.get('kind');
  const rest = {
    search: params.get('q') ?? '',
    kind: kinds.find((known) => known === kind),
    file: params.get('file') ?? undefined,
  };
  const tape = /^collection\/(.+)$/.exec(path)?.[1];
  if (tape !== undefined) return { view: 'collection', tape: decode(tape), ...rest };
  return { view: names.find((name) => name === path) ?? 'all', ...rest };
}

export function hashOf({ view, tape, kind, search, file }: Place): string {
  const path = view === 'collection' ? `collection/${encodeURIComponent(tape ?? '')}` : view;
  const params = new URLSearchParams();
  if (kind) params.set('kind', kind);
  if (search !== '') params.set('q', search);
  if (file !== undefined) params.set('file', file);
  const query = params.toString();
  return `#${path}${query === '' ? '' : `?${query}`}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // somebody wrote the link by hand: no tape has this id
  }
}

export const titles: Record<Exclude<Place['view'], 'collection'>, string> = {
  all: 'All files',
  starred: 'Starred',
  public: 'Public',
  shared: 'Shared with me',
  collections: 'Collections',
};

/** Whether a file is in the view, of the kind, and found by the search: all the words are in its name, its tags or its kind. */
export function matches(place: Place, file: FileInfo, tape: Tape | undefined): boolean {
  return (
    inView(place, file, tape) &&
    (place.kind === undefined || kindOf(file).kind === place.kind) &&
    matchesSearch(file, place.search)
  );
}

function inView({ view }: Place, file: FileInfo, tape: Tape | undefined): boolean {
  if (view === 'starred') return file.starred;
  if (view === 'public') return file.public_url !== null;
  if (view === 'shared') return file.shared !== 0;
  if (view === 'collection') return tape?.files.includes(file.id) ?? false;
  return true;
}

function matchesSearch(file: FileInfo, search: string): boolean {
  if (search.trim() === '') return true;
  const name = file.extension === '' ? file.name : `${file.name}.${file.extension}`;
  const text = fold([name, ...file.tags, kindOf(file).label].join(' '));
  return fold(search)
    .trim()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** Without case and accents: `cafe` finds `Café`, whichever way the accent is encoded. */
function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** What to say when a view has no files. */
export const emptyViews: Record<Exclude<Place['view'], 'collections'>, { title: string; text: string }> = {
  all: { title: 'No files yet', text: 'Drop files anywhere on this page, or choose them from your device.' },
  starred: { title: 'Nothing starred', text: 'Star the files that you want to find again.' },
  public: { title: 'Nothing is public', text: 'Publish a file to let anyone with its link open it.' },
  shared: { title: 'Nothing is shared with you', text: 'Files that other users share with you appear here.' },
  collection: { title: 'This collection is empty', text: 'Upload files here, or select files elsewhere and add them.' },
};
