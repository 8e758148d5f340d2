import { type IAudioMetadata, parseFromTokenizer, selectCover } from 'music-metadata';
import type { Bytes } from '../reading/bytes.js';
import { BytesTokenizer } from '../reading/tokenizer.js';
import { textOf } from '../reading/values.js';

export type Music = Pick<IAudioMetadata, 'common' | 'format'>;

/** Reading the whole file to measure its duration is limited to this size. */
export const maxBytesToScan: number = 64 * 1024 * 1024;

/**
 * Reads tags with music-metadata.
 * @param type the type of the file, in case its first bytes do not tell
 * @param wanted whether to read covers, and whether to read the whole file for its duration
 * @returns undefined if music-metadata cannot read the file
 */
export async function readMusic(
  type: string,
  bytes: Bytes,
  wanted: { covers?: boolean; duration?: boolean } = {},
): Promise<Music | undefined> {
  const options = { skipCovers: !wanted.covers, duration: wanted.duration ?? false, mkvUseIndex: true };
  for (const hint of [undefined, type]) {
    try {
      const { common, format } = await parseFromTokenizer(new BytesTokenizer(bytes, hint), options);
      if (isFound(format)) return { common, format };
    } catch {} // it throws errors of many kinds for an unknown, damaged or truncated file
  }
  return undefined;
}

/** Whether a stream was found. In a file of another format, the MPEG parser finds none, and does not fail. */
function isFound({ sampleRate, duration, codec, hasVideo }: IAudioMetadata['format']): boolean {
  return Boolean(sampleRate || duration || codec || hasVideo);
}

/** The front cover, or another picture in the tags. */
export async function readCover(type: string, bytes: Bytes): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const music = await readMusic(type, bytes, { covers: true });
  const cover = selectCover(music?.common.picture);
  return cover ? new Uint8Array(cover.data) : undefined;
}

/** A text of a tag. Many programs write UTF-8 where the format has Latin-1: in ID3, and in the chunks of WAV and AVI. */
export function tagOf(value: unknown): string | undefined {
  const text = textOf(value);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches all characters of Latin-1
  if (text === undefined || !/^[\u0000-\u00ff]*[\u0080-\u00ff][\u0000-\u00ff]*$/.test(text)) return text;
  try {
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return text; // it is Latin-1
  }
}

/** A year that a tag can mean, from a number or a date: four digits that are neither 0 nor far in the future. */
export function yearOf(...values: unknown[]): string | undefined {
  for (const value of values) {
    const digits = textOf(value)?.match(/^\d{4}(?!\d)/)?.[0];
    if (digits !== undefined && Number(digits) >= 1000 && Number(digits) < 2200) return digits;
  }
  return undefined;
}

/**
 * A duration in seconds, rounded to milliseconds, if a file of this size can have it. Damaged headers declare thousands of years; no
 * format has less than one byte per second.
 */
export function durationOf(value: unknown, size: number): number | undefined {
  if (typeof value !== 'number' || !(value > 0) || value > size) return undefined;
  return Math.round(value * 1000) / 1000;
}
