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
import { type Bytes, readPart } from './bytes.js';

/** A file's cache in memory, in bytes. */
const cacheBytes = 4 * 1024 * 1024;

/** Opens a sound or a video for reading, of which only what is asked for is read. */
export function openMedia(bytes: Bytes): Input {
  Logging.level = LogLevel.Silent; // what is odd about a file is nothing for the console of whoever runs the sandbox
  return new Input({
    formats: [MP4, QTFF, MATROSKA, WEBM, WAVE, OGG, FLAC, MP3, ADTS],
    source: new CustomSource({
      getSize: () => bytes.size,
      read: (start, end) => readPart(bytes, start, end - start),
      maxCacheSize: cacheBytes,
      prefetchProfile: 'fileSystem',
    }),
  });
}
