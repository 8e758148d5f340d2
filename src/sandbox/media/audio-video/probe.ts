import { EncodedPacketSink, type Input, type InputTrack, type InputVideoTrack, type MetadataTags } from 'mediabunny';
import type { Bytes } from '../reading/bytes.js';
import { openMedia } from './open-media.js';
import { hasPlausibleTables } from './sample-tables.js';

/** What mediabunny knows of a file. */
export interface Container {
  /** The name of the container in mediabunny. */
  name: string;
  /** In seconds, from the header. */
  duration: number | undefined;
  tags: MetadataTags;
  hasAudio: boolean;
  video: VideoTrack | undefined;
}

export interface VideoTrack {
  /** In pixels, as it is displayed: after rotation, and with square pixels. */
  width: number;
  height: number;
  /** Clockwise, in degrees. */
  rotation: number;
}

/** @returns undefined if mediabunny cannot read the file, or it has no tracks */
export async function readContainer(bytes: Bytes): Promise<Container | undefined> {
  return withInput(bytes, async (input) => {
    const tracks = await input.getTracks();
    if (tracks.length === 0) return undefined;
    const { name } = await input.getFormat();
    const video = await input.getPrimaryVideoTrack();
    return {
      name,
      duration: (await input.getDurationFromMetadata()) ?? undefined,
      tags: await input.getMetadataTags(),
      hasAudio: tracks.some(({ type }) => type === 'audio'),
      video: video ? await describeVideo(video) : undefined,
    };
  });
}

async function describeVideo(track: InputVideoTrack): Promise<VideoTrack> {
  return {
    width: await track.getDisplayWidth(),
    height: await track.getDisplayHeight(),
    rotation: await track.getRotation(),
  };
}

/** Measures the duration in seconds by reading packets. Time stamps of broadcasts do not begin at 0. */
export async function measureDuration(bytes: Bytes): Promise<number | undefined> {
  return withInput(bytes, async (input) => {
    const tracks: InputTrack[] = [];
    for (const track of await input.getTracks()) {
      // mediabunny 1.61.0 searches for the last packet of a FLAC file without packets in an endless loop, and blocks the thread
      if (await new EncodedPacketSink(track).getFirstPacket({ metadataOnly: true })) tracks.push(track);
    }
    return (await input.computeDuration(tracks)) - (await input.getFirstTimestamp(tracks));
  });
}

/** Whether the file has sound and no pictures. False if mediabunny cannot read it, or does not know its video codecs. */
export async function isAudioOnly(bytes: Bytes): Promise<boolean> {
  const container = await readContainer(bytes);
  return container !== undefined && container.name !== 'Ogg' && container.hasAudio && !container.video;
}

async function withInput<T>(bytes: Bytes, read: (input: Input) => Promise<T>): Promise<T | undefined> {
  if (!(await hasPlausibleTables(bytes))) return undefined;
  const input = openMedia(bytes);
  try {
    return await read(input);
  } catch {
    return undefined; // mediabunny throws a plain Error for everything that it cannot read
  } finally {
    input.dispose();
  }
}
