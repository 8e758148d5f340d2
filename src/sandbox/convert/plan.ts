import { essence } from '../media/reading/values.js';
import type { FileRecord } from '../store/records.js';
import { officeFormat } from './office-formats.js';

/** A program that converts files. */
export type Program = 'ffmpeg' | 'soffice';

/** What has to be made of a file, and by which program. */
export interface Plan {
  program: Program;
  /** The names of the renditions. */
  renditions: readonly string[];
}

/** Larger files are not converted, because each is copied for the program. */
const maxBytes: Record<Program, number> = { ffmpeg: 2 * 1024 ** 3, soffice: 100 * 1024 ** 2 };

// wire document section 3.3
/**
 * The renditions that a program has to make of a file. Undefined if there are none, because the original is all of them, the file has
 * another kind or is too large, or the program is missing.
 */
export function planOf(file: FileRecord, programs: ReadonlySet<Program>): Plan | undefined {
  const plan = idealPlan(file);
  return plan && programs.has(plan.program) && file.size > 0 && file.size <= maxBytes[plan.program] ? plan : undefined;
}

function idealPlan(file: FileRecord): Plan | undefined {
  const type = essence(file.type);
  switch (file.media_type) {
    case 'document':
      return officeFormat(type) && { program: 'soffice', renditions: ['document.pdf'] };
    case 'audio':
      return type === 'audio/mpeg' ? undefined : { program: 'ffmpeg', renditions: ['audio.mp3'] };
    case 'video':
      return { program: 'ffmpeg', renditions: videoRenditions(file, type) };
    default:
      return undefined;
  }
}

function videoRenditions({ meta }: FileRecord, type: string): string[] {
  const edge = Math.max(Number(meta.width ?? 0), Number(meta.height ?? 0));
  const isHd = meta.definition === 'hd';
  // an MP4 that is small enough is its own rendition (media/rendition.ts)
  const isOwn = (from: number, to: number) => type === 'video/mp4' && edge >= from && edge <= to;
  return [
    ...(isOwn(1, 640) ? [] : ['video_640.mp4']),
    ...(!isHd || isOwn(641, 1280) ? [] : ['video_1280.mp4']),
    'poster_640.jpg',
    ...(isHd ? ['poster_1280.jpg'] : []),
    'thumb_320.jpg',
    'thumb_120.jpg',
  ];
}
