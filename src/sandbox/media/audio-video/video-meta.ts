import type { Bytes } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { compact } from '../reading/values.js';
import { readOldVideo } from './old-video.js';
import { measureDuration, readContainer, type VideoTrack } from './probe.js';
import { durationOf, type Music, maxBytesToScan, readMusic, tagOf } from './tags.js';

/** The types whose content is verified. */
const verified = new Set([
  'video/mp4',
  'video/quicktime',
  'video/webm',
  'video/matroska',
  'video/ogg',
  'video/mp2t',
  'video/x-msvideo',
  'video/x-ms-wmv',
]);

/** No video has a longer edge. */
const maxEdge = 32_768;

/**
 * Width and height after rotation, title, author, rotation, duration in seconds, and definition (wire document section 4). mediabunny
 * reads tracks; music-metadata reads more tags, and the tracks of ASF and Ogg.
 * @throws UnreadableMedia if the content does not match the media type
 */
export async function readVideoMeta(type: string, bytes: Bytes): Promise<Record<string, unknown>> {
  const container = await readContainer(bytes);
  const music = await readMusic(type, bytes);
  const old = container || music ? undefined : await readOldVideo(bytes);
  if (!container && !music && !old) {
    if (verified.has(type)) throw new UnreadableMedia(`the file is not a readable ${type} file`);
    return {};
  }
  const video = container?.video ?? (music && trackOf(music)) ?? old;
  const declared = container?.duration ?? music?.format.duration ?? old?.duration;
  return compact({
    ...describeSize(video),
    title: tagOf(music?.common.title ?? container?.tags.title),
    author: tagOf(music?.common.artist ?? container?.tags.artist),
    rotation: container?.video && String(container.video.rotation),
    duration: await durationOfVideo(bytes, declared),
  });
}

function describeSize(video: Pick<VideoTrack, 'width' | 'height'> | undefined) {
  if (!video || !isEdge(video.width) || !isEdge(video.height)) return {};
  const { width, height } = video;
  return { width, height, definition: Math.min(width, height) < 720 ? 'sd' : 'hd' };
}

function isEdge(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= maxEdge;
}

function trackOf({ format }: Music): Pick<VideoTrack, 'width' | 'height'> | undefined {
  const video = format.trackInfo.find((track) => track.video)?.video;
  const width = video?.displayWidth ?? video?.pixelWidth;
  const height = video?.displayHeight ?? video?.pixelHeight;
  return width === undefined || height === undefined ? undefined : { width, height };
}

/** The duration from the header. If it has none, the file is measured. */
async function durationOfVideo(bytes: Bytes, declared: number | undefined): Promise<number | undefined> {
  const known = durationOf(declared, bytes.size);
  if (known !== undefined || bytes.size > maxBytesToScan) return known;
  return durationOf(await measureDuration(bytes), bytes.size);
}
