import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';

export interface Entry {
  id: string;
  /** The name in the folder of files. */
  path: string;
  /** Of the bytes that are there. Missing while the name is only claimed, for a file that is still to come. */
  sha256?: string | undefined;
  /** What the API told of the file when it was saved. */
  file: Record<string, unknown>;
}

export interface Manifest {
  /** By id. */
  readonly entries: ReadonlyMap<string, Entry>;
  record(entry: Entry): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the record of a backup: a line of JSON for each file. What is new is added at the end, so that a run that is
 * killed loses a line at most; the last line of an id is the one that counts.
 */
export async function openManifest(path: string): Promise<Manifest> {
  const entries = new Map<string, Entry>();
  for (const line of (await read(path)).split('\n')) {
    const entry = parse(line);
    if (entry) entries.set(entry.id, entry);
  }
  // written anew, without the lines that no longer count, and without half of one
  const lines = [...entries.values()].map((entry) => `${JSON.stringify(entry)}\n`);
  await writeFile(`${path}.new`, lines.join(''), { flush: true });
  await rename(`${path}.new`, path);
  const handle = await open(path, 'a');
  return {
    entries,
    async record(entry) {
      entries.set(entry.id, entry);
      await handle.appendFile(`${JSON.stringify(entry)}\n`);
    },
    async close() {
      await handle.sync();
      await handle.close();
    },
  };
}

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}

function parse(line: string): Entry | undefined {
  try {
    const entry: Partial<Entry> | null = JSON.parse(line);
    const { id, path, file } = entry ?? {};
    const whole = typeof id === 'string' && typeof path === 'string' && typeof file === 'object' && file !== null;
    // a name that leads elsewhere was not written by this program
    return whole && path !== '' && path !== '..' && basename(path) === path ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}
