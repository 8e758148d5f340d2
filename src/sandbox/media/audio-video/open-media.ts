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
  MPEG_TS,
  OGG,
  QTFF,
  WAVE,
  WEBM,
} from 'mediabunny';
import { type Bytes, readPart } from '../reading/bytes.js';

/** The size of the read cache of a file. */
const cacheBytes = 4 * 1024 * 1024;

/** Opens an audio or video file. Reads only the byte ranges that are needed. */
export function openMedia(bytes: Bytes): Input {
  Logging.level = LogLevel.Silent; // warnings about uploaded files do not belong on the console of the server
  return new Input({
    formats: [MP4, QTFF, MATROSKA, WEBM, WAVE, OGG, FLAC, MP3, ADTS, MPEG_TS],
    source: withLoopDetection(
      new CustomSource({
        getSize: () => bytes.size,
        read: (start, end) => readPart(bytes, start, end - start),
        maxCacheSize: cacheBytes,
        prefetchProfile: 'fileSystem',
      }),
    ),
  });
}

/** Far more than the number of times that any format reads the same offset in a row. */
const maxRepeats = 1_000;

/**
 * Stops an endless loop in mediabunny 1.61.0. If a WebM file ends within the header of an element, mediabunny reads that header
 * again and again from its cache, synchronously, and blocks the thread. All reads go through the undocumented method `_read`.
 */
function withLoopDetection(source: CustomSource): CustomSource {
  const read: unknown = Reflect.get(source, '_read');
  if (typeof read !== 'function') return source;
  let offset: unknown;
  let repeats = 0;
  Reflect.set(source, '_read', (...range: unknown[]) => {
    repeats = range[0] === offset ? repeats + 1 : 0;
    offset = range[0];
    if (repeats > maxRepeats) throw new Error('the reader loops at the same offset');
    return Reflect.apply(read, source, range);
  });
  return source;
}
