import { decideKind, type FileNames } from './kinds/decide-kind.js';
import type { Kind, MediaType } from './kinds/kinds.js';
import { sniffText } from './kinds/sniff-text.js';
import { hasMeta, readMeta } from './meta.js';
import type { Bytes } from './reading/bytes.js';
import { UnreadableMedia } from './reading/unreadable-media.js';

export interface Description {
  /** The Content-Type. */
  type: string;
  mediaType: MediaType;
  /** Whether the content is what the file is said to be, as far as this can be read. */
  isReadable: boolean;
  /** The metadata (wire document section 4). */
  meta: Record<string, unknown>;
}

/** Describes a file by its content, and reads its metadata. The libraries are loaded on demand. */
export async function describe(names: FileNames, bytes: Bytes): Promise<Description> {
  const { sniff } = await import('./kinds/sniff.js');
  const kind = await withTracks(decideKind(names, await sniff(bytes)), bytes);
  try {
    return described(kind, true, await readMeta(kind.type, kind.mediaType, bytes));
  } catch (error) {
    if (!(error instanceof UnreadableMedia)) throw error;
    return described(kind, false);
  }
}

/** Describes text without metadata. Returns undefined for any other file. */
export async function describeText(names: FileNames, bytes: Bytes): Promise<Description | undefined> {
  const content = await sniffText(bytes);
  const kind = content && decideKind(names, content);
  return kind && !hasMeta(kind.type, kind.mediaType) ? described(kind, true) : undefined;
}

/** The description of a file whose content cannot be examined. */
export function describeUnreadable(names: FileNames): Description {
  return described(decideKind(names), false);
}

function described({ type, mediaType }: Kind, isReadable: boolean, meta: Record<string, unknown> = {}): Description {
  return { type, mediaType, isReadable, meta };
}

/** A recording without pictures is audio, although the containers are those of video. */
async function withTracks(kind: Kind, bytes: Bytes): Promise<Kind> {
  if (kind.mediaType !== 'video') return kind;
  const { isAudioOnly } = await import('./audio-video/probe.js');
  if (!(await isAudioOnly(bytes))) return kind;
  return {
    mediaType: 'audio',
    type: kind.type === 'video/quicktime' ? 'audio/mp4' : kind.type.replace('video/', 'audio/'),
  };
}
