import type { FileRecord } from './records.js';

/** The name of the blob with a rendition that a program made. */
export function renditionBlob(id: string, rendition: string): string {
  return `${id}.${rendition}`;
}

/** The size of a rendition that a program made. Undefined if there is none. The name comes from a URL. */
export function renditionSize({ renditions = {} }: Pick<FileRecord, 'renditions'>, name: string): number | undefined {
  return Object.hasOwn(renditions, name) ? renditions[name] : undefined;
}

/** The names of all blobs with renditions of a file. */
export function renditionBlobs({ id, renditions = {} }: Pick<FileRecord, 'id' | 'renditions'>): string[] {
  return Object.keys(renditions).map((name) => renditionBlob(id, name));
}
