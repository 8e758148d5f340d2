import {
  ADTS,
  CustomSource,
  FLAC,
  Input,
  Logging,
  LogLevel,
  MATROSKA,
  MP3,
  MP4,
  OGG,
  QTFF,
  WAVE,
  WEBM,
} from 'mediabunny';
import { type Bytes, readPart } from '../reading/bytes.js';

/** A file's cache in memory, in bytes. */
const cacheBytes = 4 * 1024 * 1024;

/** Opens a sound or a video for reading, of which only what is asked for is read. */
export function openMedia(bytes: Bytes): Input {
  Logging.level = LogLevel.Silent; // what is odd about a file is nothing for the console of whoever runs the sandbox
  return new Input({
    formats: [MP4, QTFF, MATROSKA, WEBM, WAVE, OGG, FLAC, MP3, ADTS],
    source: withoutCircles(
      new CustomSource({
        getSize: () => bytes.size,
        read: (start, end) => readPart(bytes, start, end - start),
        maxCacheSize: cacheBytes,
        prefetchProfile: 'fileSystem',
      }),
    ),
  });
}

/** Far more often than any reader comes back to a place without going elsewhere. */
const mostRepeats = 1_000;

/**
 * mediabunny 1.61.0 reads a WebM that ends within the head of an element at that place for ever, out of its cache and without
 * a pause in which anything else could run. Every read passes the source, by a name that is not documented.
 */
function withoutCircles(source: CustomSource): CustomSource {
  const read: unknown = Reflect.get(source, '_read');
  if (typeof read !== 'function') return source;
  let place: unknown;
  let repeats = 0;
  Reflect.set(source, '_read', (...range: unknown[]) => {
    repeats = range[0] === place ? repeats + 1 : 0;
    place = range[0];
    if (repeats > mostRepeats) throw new Error('the file is read in a circle');
    return Reflect.apply(read, source, range);
  });
  return source;
}
