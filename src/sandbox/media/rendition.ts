import { isPdf } from './documents/is-pdf.js';
import type { Bytes } from './reading/bytes.js';
import { essence } from './reading/values.js';

export interface MadeRendition {
  bytes: Uint8Array<ArrayBuffer>;
  /** Its media type. */
  type: string;
}

/**
 * What a file can be downloaded as (wire document sections 3.2 and 3.3), as far as it can honestly be made here:
 * `identity` where the original is in that form already, nothing where it would take an encoder that the sandbox does
 * not have, or the file is damaged. The library that a kind of file needs is loaded with the first such file.
 * @param type the media type it was uploaded with
 * @param mediaType doctape's own: `image`, `audio`, `video`, `archive`, `document` or `unknown`
 */
export async function makeRendition(
  type: string,
  mediaType: string,
  bytes: Bytes,
  rendition: string,
): Promise<MadeRendition | 'identity' | undefined> {
  switch (`${mediaType} ${rendition}`) {
    case 'image thumb_120.jpg':
      return asJpeg((await import('./images/picture.js')).makeThumbnail(essence(type), bytes, 120));
    case 'image thumb_320.jpg':
      return asJpeg((await import('./images/picture.js')).makeThumbnail(essence(type), bytes, 320));
    case 'image image.jpg':
      return asJpeg((await import('./images/picture.js')).makeJpeg(essence(type), bytes));
    case 'document document.pdf':
      return identityIf(await isPdf(bytes));
    case 'audio audio.mp3':
      return identityIf((await probe(bytes))?.container === 'MP3');
    case 'video video_640.mp4':
      return identityIf(await isMp4(bytes, 1, 640));
    case 'video video_1280.mp4':
      return identityIf(await isMp4(bytes, 641, 1280)); // of a smaller one there never was an HD version
    default:
      return undefined;
  }
}

async function asJpeg(
  made: Promise<Uint8Array<ArrayBuffer> | 'identity' | undefined>,
): Promise<MadeRendition | 'identity' | undefined> {
  const bytes = await made;
  return typeof bytes === 'object' ? { bytes, type: 'image/jpeg' } : bytes;
}

const identityIf = (fits: boolean) => (fits ? 'identity' : undefined);

async function probe(bytes: Bytes) {
  return (await import('./audio-video/timed-media.js')).probe(bytes);
}

/** The names of these renditions promise a size, so the longer edge has to keep it. */
async function isMp4(bytes: Bytes, from: number, to: number): Promise<boolean> {
  const media = await probe(bytes);
  return media?.container === 'MP4' && media.longestEdge >= from && media.longestEdge <= to;
}
