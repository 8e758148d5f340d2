import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { promisify } from 'node:util';
import type { Program } from '../plan.js';

/** A program that converts files. See docs/media.md. */
export interface ConverterProgram {
  /** `ffmpeg` converts audio and video, `soffice` (LibreOffice) office files and text. */
  name: 'ffmpeg' | 'soffice';
  /** `broken` means that the program was found and cannot be used. */
  status: 'found' | 'missing' | 'broken';
  /** Where it was found. */
  path?: string;
  /** Why a broken program cannot be used. */
  reason?: string;
}

const run = promisify(execFile);

/** Looks for the programs in the folders of `PATH`. */
export async function findPrograms(): Promise<ConverterProgram[]> {
  return [await findFfmpeg(), findSoffice()];
}

async function findFfmpeg(): Promise<ConverterProgram> {
  const name = 'ffmpeg';
  const path = findOnPath(name);
  if (path === undefined) return { name, status: 'missing' };
  try {
    const { stdout } = await run(path, ['-hide_banner', '-encoders'], { timeout: 20_000, maxBuffer: 4 * 1024 * 1024 });
    const absent = ['libx264', 'aac', 'libmp3lame', 'mjpeg'].filter(
      (encoder) => !new RegExp(` ${encoder} `).test(stdout),
    );
    if (absent.length === 0) return { name, status: 'found', path };
    return { name, status: 'broken', path, reason: `it was built without ${absent.join(', ')}` };
  } catch {
    return { name, status: 'broken', path, reason: 'it could not be started' };
  }
}

function findSoffice(): ConverterProgram {
  const name: Program = 'soffice';
  const path = findOnPath(name);
  return path === undefined ? { name, status: 'missing' } : { name, status: 'found', path };
}

/** The absolute path of a program. Ignores relative folders in `PATH`, which depend on where the sandbox was started. */
export function findOnPath(name: string): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe', '.com'] : [''];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (!isAbsolute(folder)) continue;
    for (const ending of endings) {
      const path = join(folder, name + ending);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // not here
      }
    }
  }
  return undefined;
}
