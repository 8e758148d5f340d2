/** A file to upload. */
export interface Incoming {
  file: File;
  /** The name of the folder that it was chosen or dropped with. */
  folder?: string | undefined;
}

/** What a drop contains. */
export interface Drop {
  incoming: Incoming[];
  /** The names of files and folders that the browser could not read. */
  unreadable: string[];
}

/** Reads a drop, also the files in folders. Call it during the event: afterwards the browser has forgotten the entries. */
export async function readDrop({ items }: DataTransfer): Promise<Drop> {
  const dropped = [...items]
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const drop: Drop = { incoming: [], unreadable: [] };
  for (const { entry, file } of dropped) {
    if (isDirectory(entry)) await readFolder(entry, entry.name, drop);
    else if (file !== null) drop.incoming.push({ file });
  }
  return drop;
}

/** The files that a picker for folders has returned. */
export function readPicked(files: Iterable<File>): Incoming[] {
  return [...files].map((file) => ({ file, folder: file.webkitRelativePath.split('/')[0] || undefined }));
}

/** One file that cannot be read does not keep the others back. */
async function readFolder(folder: FileSystemDirectoryEntry, name: string, drop: Drop): Promise<void> {
  const reader = folder.createReader();
  try {
    for (;;) {
      const entries = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
      if (entries.length === 0) return; // it returns about a hundred at a time
      for (const entry of entries) {
        if (isDirectory(entry)) await readFolder(entry, name, drop);
        else if (isFile(entry)) await readFile(entry, name, drop);
      }
    }
  } catch {
    drop.unreadable.push(folder.name);
  }
}

async function readFile(entry: FileSystemFileEntry, folder: string, { incoming, unreadable }: Drop): Promise<void> {
  try {
    incoming.push({ file: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)), folder });
  } catch {
    unreadable.push(entry.name);
  }
}

function isDirectory(entry: FileSystemEntry | null): entry is FileSystemDirectoryEntry {
  return entry?.isDirectory === true;
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile;
}
