import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The names of the blobs in a data folder, in alphabetical order. */
export async function blobsOnDisk(folder: string): Promise<string[]> {
  const entries = await readdir(join(folder, 'files'), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}
