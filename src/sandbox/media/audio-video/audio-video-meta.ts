import type { Input } from 'mediabunny';
import type { Bytes } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { compact, numberOf, textOf } from '../reading/values.js';
import { openMedia } from './open-media.js';

/**
 * The types that are verified against the content. Other audio and video types are read if mediabunny supports them.
 */
const verifiedTypes = new Set([
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

/** If the header has no duration, it is computed by reading the whole file, up to this size. */
const maxBytesToScan = 64 * 1024 * 1024;

/**
 * Title, album, artist, year, genre and duration in seconds (wire document section 4).
 * @throws UnreadableMedia if the content does not match the media type
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
 * Width and height after rotation, title, author, rotation, duration in seconds, and definition (wire document section 4).
 * @throws UnreadableMedia if the content does not match the media type
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

/** The name of the container in mediabunny, and the longer edge of the video track. Returns undefined for other files. */
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
    if ((await input.getTracks()).length === 0) throw new UnreadableMedia('the file has no audio or video track');
    return compact(await read(input));
  } catch {
    // mediabunny throws a plain Error for everything that it cannot read
    if (verifiedTypes.has(type)) throw new UnreadableMedia(`the file is not a readable ${type} file`);
    return {};
  } finally {
    input.dispose();
  }
}

/** The duration in seconds, rounded to milliseconds. */
async function durationOf(input: Input, size: number): Promise<number | undefined> {
  const declared = await input.getDurationFromMetadata();
  const duration = numberOf(declared ?? (size <= maxBytesToScan ? await input.computeDuration() : undefined));
  return duration === undefined ? undefined : Math.round(duration * 1000) / 1000;
}
