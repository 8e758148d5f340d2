import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readMeta } from '../../../../src/sandbox/media/meta.js';
import { bytesOf } from '../../../fixtures/make-bytes.js';
import { requires } from '../../../support/requirements.js';

/** Makes seven seconds of sound with ffmpeg. @returns the file, and its duration as ffprobe reads it */
function make(name: string, ...args: string[]): { content: Uint8Array<ArrayBuffer>; duration: number } {
  const folder = mkdtempSync(join(tmpdir(), 'old-audio-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, name);
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=duration=7', ...args, path]);
  const flags = ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', path];
  return {
    content: new Uint8Array(readFileSync(path)),
    duration: Number(execFileSync('ffprobe', flags, { encoding: 'utf8' })),
  };
}

describe('the duration', requires('ffmpeg'), () => {
  it.each<[string, string, ...string[]]>([
    ['audio/basic', 'a.au'],
    ['audio/basic', 'a.au', '-c:a', 'pcm_mulaw', '-ar', '8000', '-ac', '2'],
    ['audio/basic', 'a.au', '-c:a', 'pcm_f32be'],
    ['audio/x-caf', 'a.caf'],
    ['audio/x-caf', 'a.caf', '-c:a', 'pcm_s24le', '-ac', '2'],
    ['audio/x-caf', 'a.caf', '-c:a', 'adpcm_ima_qt'],
    ['audio/ac3', 'a.ac3'],
    ['audio/ac3', 'a.ac3', '-b:a', '640k', '-ac', '2', '-ar', '48000'],
  ])('of %s is that of ffprobe: %s %s %s', async (type, name, ...args) => {
    const { content, duration } = make(name, ...args);
    const meta = await readMeta(type, 'audio', bytesOf(content));
    expect(meta).toEqual({ duration: expect.closeTo(duration, 2) });
    expect(duration).toBeCloseTo(7, 1);
  });

  it('is absent where it is not declared, or the header is cut off', async () => {
    const { content: packed } = make('a.eac3');
    expect(await readMeta('audio/ac3', 'audio', bytesOf(packed))).toEqual({});
    for (const [type, name, lengths] of [
      ['audio/basic', 'a.au', [3, 4, 15, 21]],
      ['audio/x-caf', 'a.caf', [3, 4, 15, 40]],
      ['audio/ac3', 'a.ac3', [1, 3, 5]],
    ] as const) {
      const { content } = make(name);
      for (const length of lengths) {
        const { duration } = await readMeta(type, 'audio', bytesOf(content.subarray(0, length)));
        expect([name, length, duration]).toEqual([name, length, undefined]);
      }
    }
  });
});
