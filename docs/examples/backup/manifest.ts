import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';

export interface Entry {
  id: string;
  /** The name in the folder `files`. */
  path: string;
  /** The hash of the saved content. Undefined until the file has been downloaded. */
  sha256?: string | undefined;
  /** The metadata from the API when the file was saved. */
  file: Record<string, unknown>;
}

export interface Manifest {
  /** The last entry of each id. */
  readonly entries: ReadonlyMap<string, Entry>;
  record(entry: Entry): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the manifest of a backup: one line of JSON per entry. New entries are appended, so that a killed run loses at most one
 * line. The last line of an id is valid.
 */
export async function openManifest(path: string): Promise<Manifest> {
  const entries = new Map<string, Entry>();
  for (const line of (await read(path)).split('\n')) {
    const entry = parse(line);
    if (entry) entries.set(entry.id, entry);
  }
  // rewritten without outdated and incomplete lines
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
    // reject paths outside the folder, which this program does not write
    return whole && path !== '' && path !== '..' && basename(path) === path ? (entry as Entry) : undefined;
  } catch {
    return undefined;
  }
}
