import type { ApiClient, FileInfo } from 'doctape-sdk';
import { element } from '../page/element.js';
import { formatCount, fullName } from '../page/format.js';
import { announce } from '../page/messages.js';
import type { Session } from '../session/session.js';
import { eachFile } from './each-file.js';

/** Hands a file to the browser's own downloads, which write it to disk as it arrives, however large it is. */
export async function downloadFile(api: ApiClient, file: FileInfo): Promise<void> {
  await api.files.get(file.id); // should it be gone, or the token, the link would lead away to a response for programs
  // the link holds the token, so it is never on the page, where it could be copied
  element('a', { href: api.files.url(file.id).href, download: rawName(file), rel: 'noreferrer' }).click();
  announce(`Downloading ${fullName(file)}`);
}

/**
 * Saves several files, one after the other. They are fetched first: a browser follows only one link to another site at
 * a time, and would drop the others.
 */
export async function downloadFiles(session: Session, files: readonly FileInfo[]): Promise<void> {
  const [first] = files;
  if (first && files.length === 1) {
    await session.attempt(() => downloadFile(session.api, first));
    return;
  }
  announce(`Downloading ${formatCount(files.length, 'file')}`);
  await eachFile(
    session,
    files,
    async (file) => {
      const response = await session.api.files.download(file.id, 'original', { signal: session.signal });
      const url = URL.createObjectURL(await response.blob());
      element('a', { href: url, download: rawName(file) }).click();
      setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser has begun to read it by then
    },
    { oneByOne: true },
  );
}

function rawName({ name, extension }: FileInfo): string {
  return extension === '' ? name : `${name}.${extension}`;
}
