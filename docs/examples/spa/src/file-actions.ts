import type { FileInfo } from 'doctape-sdk';
import { askToDelete } from './delete-file.js';
import { downloadFile } from './download-file.js';
import { editTags } from './edit-tags.js';
import type { MenuItem } from './file-menu.js';
import { fullName } from './format.js';
import { announce } from './messages.js';
import { showPreview } from './preview.js';
import { editPublicLink } from './public-link.js';
import { renameFile } from './rename-file.js';
import type { Session } from './session.js';

/** Told what has become of a file. */
export interface FileChanges {
  changed(file: FileInfo): void;
  deleted(file: FileInfo): void;
  /** The files on the page, in their order. */
  visible(): FileInfo[];
}

export interface FileActions {
  open(file: FileInfo): void;
  toggleStar(file: FileInfo): Promise<void>;
  itemsFor(file: FileInfo): MenuItem[];
}

/** All that can be done with a file. */
export function createFileActions(session: Session, changes: FileChanges): FileActions {
  const download = (file: FileInfo) => {
    session.attempt(() => downloadFile(session.api, file));
  };
  const open = (file: FileInfo) => showPreview(session, file, changes.visible(), download);

  return {
    open,
    async toggleStar(file) {
      const starred = !file.starred;
      changes.changed({ ...file, starred }); // at once: who clicks wants to see it
      const worked = await session.attempt(async () => {
        await session.api.files.update(file.id, { starred });
        announce(`${starred ? 'Starred' : 'Removed the star of'} ${fullName(file)}`);
      });
      if (!worked && !session.signal.aborted) changes.changed(file);
    },
    itemsFor(file) {
      const forEverybody: MenuItem[] = [
        { label: 'Open', icon: 'eye', run: () => open(file) },
        { label: 'Download', icon: 'download', run: () => download(file) },
      ];
      if (file.shared !== 0) return forEverybody; // only its owner may change it
      return [
        ...forEverybody,
        { label: 'Rename', icon: 'pencil', run: () => renameFile(session, file, changes.changed) },
        { label: 'Edit tags', icon: 'tag', run: () => editTags(session, file, changes.changed) },
        { label: 'Public link', icon: 'link', run: () => editPublicLink(session, file, changes.changed) },
        {
          label: 'Delete',
          icon: 'trash',
          destructive: true,
          run: () => askToDelete(session, file, () => changes.deleted(file)),
        },
      ];
    },
  };
}
