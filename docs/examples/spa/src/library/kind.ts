import type { FileInfo } from 'doctape-sdk';
import { formatDuration } from '../page/format.js';
import type { IconName } from '../page/icon.js';

export const kinds = ['image', 'document', 'audio', 'video', 'archive', 'other'] as const;
export type Kind = (typeof kinds)[number];

const known: Record<Kind, { label: string; plural: string; icon: IconName }> = {
  image: { label: 'Image', plural: 'Images', icon: 'image' },
  document: { label: 'Document', plural: 'Documents', icon: 'document' },
  audio: { label: 'Audio', plural: 'Audio', icon: 'audio' },
  video: { label: 'Video', plural: 'Videos', icon: 'video' },
  archive: { label: 'Archive', plural: 'Archives', icon: 'archive' },
  other: { label: 'File', plural: 'Other files', icon: 'unknown' },
};

export function pluralOf(kind: Kind): string {
  return known[kind].plural;
}

/** What kind of file it is, for people. A server may know kinds that we do not. */
export function kindOf({ media_type }: FileInfo): { kind: Kind; label: string; icon: IconName } {
  const kind = kinds.find((name) => name === media_type) ?? 'other';
  return { kind, ...known[kind] };
}

/** A fact about its content, such as `1080 × 720`. */
export function detailOf({ meta }: FileInfo): string | undefined {
  if (meta.width && meta.height) return `${meta.width} × ${meta.height}`;
  if (meta.duration) return formatDuration(meta.duration);
  return meta.numFiles === undefined ? undefined : `${meta.numFiles} ${meta.numFiles === 1 ? 'file' : 'files'} inside`;
}
