import type { ApiClient, FileInfo } from 'doctape-sdk';
import { element } from './element.js';
import { fullName } from './format.js';
import { announce } from './messages.js';

/** Hands a file to the browser's own downloads, which write it to disk as it arrives, however large it is. */
export async function downloadFile(api: ApiClient, file: FileInfo): Promise<void> {
  await api.files.get(file.id); // should it be gone, or the token, the link would lead away to an answer for programs
  // the link holds the token, so it is never on the page, where it could be copied
  element('a', { href: api.files.url(file.id).href, download: fullName(file), rel: 'noreferrer' }).click();
  announce(`Downloading ${fullName(file)}`);
}
