import { isPdf } from './documents/is-pdf.js';
import type { ImagePeers } from './images/image-peers.js';
import { type Bytes, bytesInMemory } from './reading/bytes.js';
import { essence } from './reading/values.js';

export interface MadeRendition {
  bytes: Uint8Array<ArrayBuffer>;
  /** The media type. */
  type: string;
}

/** Renditions by name. `identity` means that the original has that format already. */
export type Renditions = ReadonlyMap<string, MadeRendition | 'identity'>;

/**
 * What one job makes. Both thumbnails are made together, because decoding the image takes most of the time; so are the thumbnails and
 * the poster of a cover.
 */
export type Recipe =
  | 'thumbnails'
  | 'cover'
  | 'image.jpg'
  | 'document.pdf'
  | 'audio.mp3'
  | 'video_640.mp4'
  | 'video_1280.mp4';

const recipes: ReadonlyMap<string, Recipe> = new Map<string, Recipe>([
  ['image thumb_120.jpg', 'thumbnails'],
  ['image thumb_320.jpg', 'thumbnails'],
  ['image image.jpg', 'image.jpg'],
  ['document document.pdf', 'document.pdf'],
  ['audio audio.mp3', 'audio.mp3'],
  ...['audio', 'video'].flatMap((mediaType) =>
    ['thumb_120.jpg', 'thumb_320.jpg', 'poster_640.jpg'].map((name): [string, Recipe] => [
      `${mediaType} ${name}`,
      'cover',
    ]),
  ),
  ['video video_640.mp4', 'video_640.mp4'],
  ['video video_1280.mp4', 'video_1280.mp4'],
]);

/**
 * The job that makes a rendition, or undefined if the sandbox cannot make it. Does not read the file, so that a request for an
 * unknown name costs nothing.
 * @param mediaType the media type of doctape: `image`, `audio`, `video`, `archive`, `document` or `unknown`
 */
export function recipeOf(mediaType: string, rendition: string): Recipe | undefined {
  return recipes.get(`${mediaType} ${rendition}`);
}

/**
 * Makes the renditions of a file (wire document sections 3.2 and 3.3). A rendition is absent if the sandbox has no encoder for it
 * or the file is damaged. The library for each kind of file is loaded on demand.
 * @param type the type of the file
 * @param peers optional packages that decode more images
 */
export async function makeRenditions(
  recipe: Recipe,
  type: string,
  bytes: Bytes,
  peers: ImagePeers = {},
): Promise<Renditions> {
  switch (recipe) {
    case 'thumbnails':
      return jpegs(bytes, [120, 320], peers);
    case 'cover': {
      const { readCover } = await import('./audio-video/tags.js');
      const cover = await readCover(essence(type), bytes);
      return cover ? jpegs(bytesInMemory(cover), [120, 320, 640], peers) : new Map();
    }
    case 'image.jpg': {
      const { makeJpeg } = await import('./images/thumbnails.js');
      return renditions([recipe, asJpeg(await makeJpeg(bytes, peers))]);
    }
    case 'document.pdf':
      return renditions([recipe, identityIf(await isPdf(bytes))]);
    case 'audio.mp3':
      return renditions([recipe, identityIf((await probe(bytes))?.name === 'MP3')]);
    case 'video_640.mp4':
      return renditions([recipe, identityIf(await isMp4(bytes, 1, 640))]);
    case 'video_1280.mp4':
      return renditions([recipe, identityIf(await isMp4(bytes, 641, 1280))]); // a smaller video never had an HD version
  }
}

type Made = MadeRendition | 'identity' | undefined;

function renditions(...made: [name: string, made: Made][]): Renditions {
  return new Map(made.flatMap(([name, rendition]) => (rendition === undefined ? [] : [[name, rendition]])));
}

function asJpeg(made: Uint8Array<ArrayBuffer> | 'identity' | undefined): Made {
  return typeof made === 'object' ? { bytes: made, type: 'image/jpeg' } : made;
}

const identityIf = (fits: boolean): Made => (fits ? 'identity' : undefined);

async function jpegs(bytes: Bytes, edges: number[], peers: ImagePeers): Promise<Renditions> {
  const { makeThumbnails } = await import('./images/thumbnails.js');
  const [small, large, poster] = await makeThumbnails(bytes, edges, peers);
  return renditions(
    ['thumb_120.jpg', asJpeg(small)],
    ['thumb_320.jpg', asJpeg(large)],
    ['poster_640.jpg', asJpeg(poster)],
  );
}

async function probe(bytes: Bytes) {
  return (await import('./audio-video/probe.js')).readContainer(bytes);
}

/** An MP4 whose longer edge is in this range. */
async function isMp4(bytes: Bytes, from: number, to: number): Promise<boolean> {
  const media = await probe(bytes);
  if (media?.name !== 'MP4' || !media.video) return false;
  const edge = Math.max(media.video.width, media.video.height);
  return edge >= from && edge <= to;
}
