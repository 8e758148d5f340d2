import type { Input } from 'mediabunny';
import type { Bytes } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { compact, numberOf, textOf } from '../reading/values.js';
import { openMedia } from './open-media.js';

/**
 * The formats whose first bytes say what they are. Of the rest of `audio/*` and `video/*`, what is understood is told.
 */
const claims = new Set([
  'audio/mpeg',
  'audio/mp3',
  'audio/mp4',
  'audio/x-m4a',
  'audio/wav',
  'audio/wave',
  'audio/x-wav',
  'audio/ogg',
  'audio/flac',
  'audio/x-flac',
  'video/mp4',
  'video/quicktime',
  'video/webm',
  'video/x-matroska',
]);

/** Where the head of a file does not tell how long it plays, it is counted in files up to this size. */
const mostBytesToCount = 64 * 1024 * 1024;

/**
 * Title, album, artist, year, genre and duration in seconds (wire document section 4).
 * @throws UnreadableMedia when it is not what its type says
 */
export async function readAudioMeta(type: string, bytes: Bytes): Promise<Record<string, unknown>> {
  return withMedia(type, bytes, async (input) => {
    const { title, album, artist, date, genre } = await input.getMetadataTags();
    return {
      title: textOf(title),
      album: textOf(album),
      artist: textOf(artist),
      year: textOf(date?.getUTCFullYear()),
      genre: textOf(genre),
      duration: await durationOf(input, bytes.size),
    };
  });
}

/**
 * Width and height as they are shown, title, author, rotation, duration in seconds, and definition (wire document
 * section 4).
 * @throws UnreadableMedia when it is not what its type says
 */
export async function readVideoMeta(type: string, bytes: Bytes): Promise<Record<string, unknown>> {
  return withMedia(type, bytes, async (input) => {
    const { title, artist } = await input.getMetadataTags();
    const track = await input.getPrimaryVideoTrack();
    const width = await track?.getDisplayWidth();
    const height = await track?.getDisplayHeight();
    return {
      width,
      height,
      title: textOf(title),
      author: textOf(artist),
      rotation: textOf(await track?.getRotation()),
      duration: await durationOf(input, bytes.size),
      definition: width === undefined || height === undefined ? undefined : Math.min(width, height) < 720 ? 'sd' : 'hd',
    };
  });
}

/** The container's name in mediabunny's words, and the longest edge of its picture, where it has one. */
export async function probe(bytes: Bytes): Promise<{ container: string; longestEdge: number } | undefined> {
  const input = openMedia(bytes);
  try {
    const { name } = await input.getFormat();
    const track = await input.getPrimaryVideoTrack();
    if (!track) return { container: name, longestEdge: 0 };
    return {
      container: name,
      longestEdge: Math.max(await track.getDisplayWidth(), await track.getDisplayHeight()),
    };
  } catch {
    return undefined;
  } finally {
    input.dispose();
  }
}

async function withMedia(
  type: string,
  bytes: Bytes,
  read: (input: Input) => Promise<Record<string, unknown>>,
): Promise<Record<string, unknown>> {
  const input = openMedia(bytes);
  try {
    if ((await input.getTracks()).length === 0) throw new UnreadableMedia(`there is nothing to play in it`);
    return compact(await read(input));
  } catch {
    // the library throws plain errors at whatever it cannot follow
    if (claims.has(type)) throw new UnreadableMedia(`this is no readable ${type}`);
    return {};
  } finally {
    input.dispose();
  }
}

/** Seconds, to the millisecond. */
async function durationOf(input: Input, size: number): Promise<number | undefined> {
  const told = await input.getDurationFromMetadata();
  const duration = numberOf(told ?? (size <= mostBytesToCount ? await input.computeDuration() : undefined));
  return duration === undefined ? undefined : Math.round(duration * 1000) / 1000;
}
