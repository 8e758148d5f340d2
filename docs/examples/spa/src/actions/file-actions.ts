import type { FileInfo, Tape } from 'doctape-sdk';
import type { MenuItem } from '../library/file-menu.js';
import type { Session } from '../session/session.js';
import { copyFile, extractArchive } from './copy-file.js';
import { askToDelete } from './delete-file.js';
import { downloadFiles } from './download-file.js';
import { editTags } from './edit-tags.js';
import { editPublicLink } from './public-link.js';
import { renameFile } from './rename-file.js';
import { shareFile } from './share.js';
import { starFiles } from './star-files.js';
import { askForTags, readCollection } from './tag-files.js';

/** Told what has become of a file. */
export interface FileChanges {
  changed(file: FileInfo): void;
  /** Shows a file as it is expected to be. What the server says replaces it. */
  expected(file: FileInfo): void;
  added(file: FileInfo): void;
  deleted(file: FileInfo): void;
  /** Called when tags may have changed what is in the collections. */
  tagsChanged(): Promise<void>;
  tapes(): readonly Tape[];
}

export interface FileActions {
  toggleStar(file: FileInfo): void;
  rename(file: FileInfo): void;
  itemsFor(file: FileInfo): MenuItem[];
}

/** All that can be done with one file. */
export function createFileActions(session: Session, changes: FileChanges, open: (file: FileInfo) => void): FileActions {
  return {
    toggleStar: (file) => starFiles(session, [file], !file.starred, changes),
    rename(file) {
      if (file.shared === 0) renameFile(session, file, changes);
    },
    itemsFor(file) {
      const forEverybody: MenuItem[] = [
        { label: 'Open', icon: 'eye', run: () => open(file) },
        { label: 'Download', icon: 'download', run: () => downloadFiles(session, [file]) },
        { label: 'Make a copy', icon: 'copy', run: () => copyFile(session, file, changes) },
      ];
      const isZip = file.extension.toLowerCase() === 'zip';
      if (isZip)
        forEverybody.push({ label: 'Extract', icon: 'archive', run: () => extractArchive(session, file, changes) });
      if (file.shared !== 0) return forEverybody; // only its owner may change it
      return [
        ...forEverybody,
        { label: 'Rename', icon: 'pencil', run: () => renameFile(session, file, changes) },
        { label: 'Edit tags', icon: 'tag', run: () => editTags(session, file, changes) },
        { label: 'Add to collection', icon: 'collection', run: () => askForCollection(session, [file], changes) },
        { label: 'Share', icon: 'share', run: () => shareFile(session, file, changes) },
        { label: 'Public link', icon: 'link', run: () => editPublicLink(session, file, changes) },
        { label: 'Delete', icon: 'trash', destructive: true, run: () => askToDelete(session, [file], changes) },
      ];
    },
  };
}

export function askForCollection(session: Session, files: readonly FileInfo[], changes: FileChanges): void {
  const suggestions = changes.tapes().flatMap(({ name }) => (name.includes('/') ? [] : [name]));
  askForTags(
    session,
    files,
    {
      title: 'Add to collection',
      label: 'Collection',
      submitLabel: 'Add',
      hint: 'Choose one, or enter a new name to create it.',
      suggestions,
      read: readCollection,
    },
    changes,
  );
}
