import type { FileInfo } from 'doctape-sdk';
import { formatDuration } from './format.js';
import type { IconName } from './icon.js';

const kinds: Record<string, { label: string; icon: IconName }> = {
  archive: { label: 'Archive', icon: 'archive' },
  audio: { label: 'Audio', icon: 'audio' },
  document: { label: 'Document', icon: 'document' },
  image: { label: 'Image', icon: 'image' },
  video: { label: 'Video', icon: 'video' },
};

/** What kind of file it is, for people. A server may know kinds that we do not. */
export function kindOf({ media_type }: FileInfo): { label: string; icon: IconName } {
  return kinds[media_type] ?? { label: 'File', icon: 'unknown' };
}

/** What is worth knowing about its content, such as `1080 × 720`. */
export function detailOf({ meta }: FileInfo): string | undefined {
  if (meta.width && meta.height) return `${meta.width} × ${meta.height}`;
  if (meta.duration) return formatDuration(meta.duration);
  return meta.numFiles === undefined ? undefined : `${meta.numFiles} ${meta.numFiles === 1 ? 'file' : 'files'} inside`;
}
