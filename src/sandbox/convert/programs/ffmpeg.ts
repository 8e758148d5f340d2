import { ConversionFailed } from '../converter.js';
import type { Limits } from './limits.js';

/** One call of a program that makes one or more renditions. */
export interface Recipe {
  args: string[];
  /** The path of each rendition that it makes, by name. */
  outputs: Map<string, string>;
  /** Whether the result plays as long as the original. */
  isWhole: boolean;
}

export const ffmpegLimits: Limits = {
  seconds: 600,
  memoryBytes: 2 * 1024 ** 3,
  fileBytes: 512 * 1024 ** 2,
  openFiles: 64,
};

/**
 * The containers that are opened. ffmpeg ignores the name of a file and looks at its content, and others of its formats are lists of
 * files and URLs to open: HLS, DASH and concat.
 */
const formats =
  'mov,matroska,webm,avi,ogg,flac,wav,w64,mp3,aac,ac3,eac3,mpeg,mpegts,mpegvideo,flv,asf,aiff,amr,caf,wv,ape,mpc,mpc8,tta,dsf,iff';

const before = [
  ...['-nostdin', '-hide_banner', '-v', 'error', '-y', '-nostats', '-progress', 'pipe:1'],
  ...['-protocol_whitelist', 'file', '-format_whitelist', formats],
  ...['-max_alloc', String(256 * 1024 ** 2), '-max_pixels', String(64 * 1024 ** 2), '-threads', '1'],
];

/** The first film, not the cover. The sound is optional. */
const film = ['-map', '0:V:0', '-map', '0:a:0?', '-sn', '-dn', '-map_chapters', '-1', '-threads', '1'];

/** Scales down to this longer edge, with square pixels and even sizes. ffmpeg applies the rotation before. */
function scaled(edge: number): string {
  const factor = `min(1,${edge}/max(iw*sar,ih))`;
  return `scale='max(2,2*round(iw*sar*${factor}/2))':'max(2,2*round(ih*${factor}/2))':flags=bicubic,setsar=1`;
}

function video(edge: number, crf: number, level: string, audioBitrate: string): string[] {
  return [
    ...film,
    ...['-vf', `${scaled(edge)},format=yuv420p`, '-fpsmax', '30'],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', String(crf), '-profile:v', 'main', '-level', level],
    ...['-c:a', 'aac', '-b:a', audioBitrate, '-ac', '2', '-movflags', '+faststart', '-f', 'mp4'],
  ];
}

function picture(edge: number): string[] {
  return [
    ...['-map', '0:V:0', '-an', '-sn', '-dn', '-threads', '1'],
    // the frame that is most like the others, because the first one is often black
    ...['-vf', `${scaled(edge)},thumbnail=25,format=yuvj420p`, '-frames:v', '1'],
    ...['-c:v', 'mjpeg', '-q:v', '4', '-f', 'image2', '-update', '1'],
  ];
}

const mp3 = [
  ...['-map', '0:a:0', '-vn', '-sn', '-dn', '-map_metadata', '0', '-map_chapters', '-1', '-threads', '1'],
  ...['-c:a', 'libmp3lame', '-b:a', '128k', '-ac', '2', '-ar', '44100', '-f', 'mp3'],
];

const outputs: Record<string, { args: string[]; isPicture: boolean }> = {
  'audio.mp3': { args: mp3, isPicture: false },
  'video_640.mp4': { args: video(640, 26, '3.1', '96k'), isPicture: false },
  'video_1280.mp4': { args: video(1280, 24, '4.0', '128k'), isPicture: false },
  'poster_640.jpg': { args: picture(640), isPicture: true },
  'poster_1280.jpg': { args: picture(1280), isPicture: true },
  'thumb_320.jpg': { args: picture(320), isPicture: true },
  'thumb_120.jpg': { args: picture(120), isPicture: true },
};

/**
 * The calls that make these renditions: one for all pictures, and one for each of the others.
 * @param input the path of the file, which has no name of a user in it
 * @param pathOf the path that a rendition is written to
 */
export function ffmpegRecipes(
  input: string,
  renditions: readonly string[],
  pathOf: (rendition: string) => string,
): Recipe[] {
  const isPicture = (name: string) => outputs[name]?.isPicture === true;
  const groups = [...renditions.filter((name) => !isPicture(name)).map((name) => [name]), renditions.filter(isPicture)];
  return groups
    .filter((names) => names.length > 0)
    .map((names) => ({
      args: [
        ...before,
        ...['-i', `file:${input}`],
        ...names.flatMap((name) => [...(outputs[name]?.args ?? []), `file:${pathOf(name)}`]),
      ],
      outputs: new Map(names.map((name) => [name, pathOf(name)])),
      isWhole: !isPicture(names[0] ?? ''),
    }));
}

/**
 * Checks that all of the original was converted. ffmpeg also ends with exit code 0 if the file is cut off.
 * @param progress what `-progress` wrote
 * @param errors what it wrote to stderr
 * @param duration the duration of the original in seconds, as far as it is known
 * @throws {ConversionFailed} if it was not
 */
export function checkDuration(progress: string, errors: string, duration: unknown): void {
  if (/prematurely|truncat|partial file|moov atom not found/i.test(errors))
    throw new ConversionFailed('ffmpeg found that the file is cut off');
  const last = /.*\bout_time_us=(\d+)/s.exec(progress)?.[1];
  if (last === undefined) throw new ConversionFailed('ffmpeg converted nothing');
  const converted = Number(last) / 1e6;
  if (typeof duration === 'number' && converted < duration - Math.max(2, duration * 0.05))
    throw new ConversionFailed(`ffmpeg converted ${converted.toFixed(1)} of ${duration.toFixed(1)} seconds`);
}
