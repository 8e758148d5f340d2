import type { JsonFlag } from '../core/define.js';
import { forEachFile } from '../core/for-each-file.js';
import { printable } from '../terminal/printable.js';

/** `doctape-sdk publish`: prints a URL for each file, which anyone can open. */
export async function publish(signal: AbortSignal, files: string[], flags: JsonFlag): Promise<void> {
  await forEachFile('publish', files, { signal, ...flags }, async ({ api, finder, given }) => {
    const id = await finder.idOf(given);
    const { href } = await api.files.publish(id, { signal });
    return { text: href, json: { id, public_url: href } };
  });
}

/** `doctape-sdk unpublish` */
export async function unpublish(signal: AbortSignal, files: string[], flags: JsonFlag): Promise<void> {
  await forEachFile('unpublish', files, { signal, ...flags }, async ({ api, finder, given }) => {
    const id = await finder.idOf(given);
    await api.files.unpublish(id, { signal });
    return { text: `${printable(given)} is private again`, json: { id, public_url: null } };
  });
}
