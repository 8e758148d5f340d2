import type { FileInfo } from 'doctape-sdk';
import { fullName } from './format.js';

export interface View {
  /** The part of the address that stands for it, so that it can be linked to and survives a sign-in. */
  hash: string;
  label: string;
  matches: (file: FileInfo) => boolean;
  /** What to say when it has no files. */
  empty: { title: string; text: string };
}

const allFiles: View = {
  hash: '#all',
  label: 'All files',
  matches: () => true,
  empty: { title: 'No files yet', text: 'Drop some anywhere on this page, or choose them from your device.' },
};

export const views: readonly View[] = [
  allFiles,
  {
    hash: '#starred',
    label: 'Starred',
    matches: ({ starred }) => starred,
    empty: { title: 'Nothing starred', text: 'Give a star to the files you want to find again.' },
  },
  {
    hash: '#public',
    label: 'Public',
    matches: ({ public_url }) => public_url !== null,
    empty: { title: 'Nothing is public', text: 'Publish a file, and everybody who has its link can open it.' },
  },
];

export function currentView(): View {
  return views.find(({ hash }) => hash === location.hash) ?? allFiles;
}

/** Whether a file is what somebody looks for: all the words are in its name or its tags. */
export function matchesSearch(file: FileInfo, search: string): boolean {
  const text = [fullName(file), ...file.tags].join(' ').toLowerCase();
  return search
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}
