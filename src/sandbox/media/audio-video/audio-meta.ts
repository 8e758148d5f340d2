import type { Bytes } from '../reading/bytes.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { compact } from '../reading/values.js';
import { durationOfOldAudio } from './old-audio.js';
import { measureDuration, readContainer } from './probe.js';
import { durationOf, type Music, maxBytesToScan, readMusic, tagOf, yearOf } from './tags.js';

/** The types whose content is verified. There are readers for all of them. */
const verified = new Set([
  'audio/mpeg',
  'audio/mp4',
  'audio/aac',
  'audio/ogg',
  'audio/flac',
  'audio/wav',
  'audio/aiff',
  'audio/x-ms-wma',
  'audio/ape',
  'audio/x-musepack',
  'audio/wavpack',
  'audio/x-matroska',
  'audio/webm',
]);

/** mediabunny reads the album and the date of these files, music-metadata all else. */
const isMatroska = /matroska|webm/;

/**
 * Title, album, artist, year, genre and duration in seconds (wire document section 4). music-metadata reads tags of more formats, and
 * more of them, than mediabunny, which can measure the duration of more files.
 * @throws UnreadableMedia if the content does not match the media type
 */
export async function readAudioMeta(type: string, bytes: Bytes): Promise<Record<string, unknown>> {
  const music = await readMusic(type, bytes);
  const container = music ? undefined : await readContainer(bytes);
  if (!music && !container) {
    if (verified.has(type)) throw new UnreadableMedia(`the file is not a readable ${type} file`);
    return compact({ duration: durationOf(await durationOfOldAudio(bytes), bytes.size) });
  }
  const { common } = music ?? {};
  const tags = (container ?? (isMatroska.test(type) ? await readContainer(bytes) : undefined))?.tags;
  return compact({
    title: tagOf(common?.title ?? tags?.title),
    album: tagOf(common?.album ?? tags?.album),
    artist: tagOf(common?.artist ?? common?.albumartist ?? tags?.artist),
    year: yearOf(common?.year, common?.date, common?.originalyear, tags?.date?.getUTCFullYear()),
    genre: tagOf(common?.genre?.join(', ') ?? tags?.genre),
    duration: await durationOfAudio(type, bytes, music ? declaredDuration(music) : container?.duration),
  });
}

/** Some compressed AIFF files count packets instead of samples, and would have more bits per second than uncompressed ones. */
function declaredDuration({ format }: Music): number | undefined {
  const { bitrate = 0, bitsPerSample = 0, sampleRate = 0, numberOfChannels = 0 } = format;
  const isPackets = format.container === 'AIFF-C' && bitrate > 1.1 * bitsPerSample * sampleRate * numberOfChannels;
  return isPackets ? undefined : format.duration;
}

/** The duration from the header. If it has none, the file is measured. */
async function durationOfAudio(type: string, bytes: Bytes, declared: number | undefined): Promise<number | undefined> {
  const known = durationOf(declared, bytes.size);
  if (known !== undefined || bytes.size > maxBytesToScan) return known;
  const measured = durationOf(await measureDuration(bytes), bytes.size);
  if (measured !== undefined) return measured;
  const scanned = await readMusic(type, bytes, { duration: true });
  return durationOf(scanned && declaredDuration(scanned), bytes.size);
}
