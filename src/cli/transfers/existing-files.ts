import { type ApiClient, type FileInfo, fileName, type UploadedFile } from '../../index.js';

/** A file of a command that may leave out files, and whether it did. */
export type Sent = UploadedFile & { unchanged?: boolean };

/**
 * A client that does not upload files again: those that the server has with the same name and size, added after the local file was
 * last modified. A file on the server stands for one local file only, because files of different folders can have the same name.
 */
export async function skipExisting(api: ApiClient, signal: AbortSignal): Promise<Pick<ApiClient, 'files'>> {
  const existing = new Map<string, FileInfo[]>();
  for await (const file of api.files.iterate({ signal })) {
    if (file.shared !== 0) continue;
    const key = keyOf(fileName(file), file.size);
    existing.set(key, [...(existing.get(key) ?? []), file]);
  }
  const upload = async (...[source, options = {}]: Parameters<ApiClient['files']['upload']>): Promise<Sent> => {
    if (source instanceof File) {
      const name = options.name ?? source.name;
      const candidates = existing.get(keyOf(name, source.size)) ?? [];
      const modified = wholeSeconds(source.lastModified);
      const isUnknown = modified > Date.now(); // such a file would be uploaded again each time (aws/aws-cli#5216)
      const index = candidates.findIndex(({ time_added }) => isUnknown || time_added.getTime() >= modified);
      const [found] = index < 0 ? [] : candidates.splice(index, 1);
      if (found) return { id: found.id, name: fileName(found), size: found.size, unchanged: true };
    }
    return { ...(await api.files.upload(source, options)), unchanged: false };
  };
  return { files: { ...api.files, upload } };
}

/** Servers remove folders, control characters and surrounding spaces from names, and macOS decomposes them. */
function keyOf(name: string, size: number): string {
  const bare = name.replace(/^.*[\\/]/s, '').replace(/\p{Cc}/gu, '');
  return `${size} ${bare.trim().normalize('NFC')}`;
}

/** The server has the times in whole seconds. */
function wholeSeconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}
