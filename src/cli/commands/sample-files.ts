import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { encode } from 'jpeg-js';

export interface SampleFile {
  path: string;
  name: string;
  type: string;
}

/** Creates files to upload: a text, an image and a large file that does not compress. */
export async function makeSampleFiles(folder: string): Promise<SampleFile[]> {
  const text = { path: join(folder, 'notes.txt'), name: 'notes.txt', type: 'text/plain' };
  const photo = { path: join(folder, 'sunset.jpg'), name: 'sunset.jpg', type: 'image/jpeg' };
  const large = { path: join(folder, 'recording.bin'), name: 'recording.bin', type: 'application/octet-stream' };
  await writeFile(text.path, 'doctape stored files from 2012 to 2014.\nThis server still speaks its protocol.\n');
  await writeFile(photo.path, paintSunset(1200, 800));
  const file = await open(large.path, 'w');
  for (let mebibyte = 0; mebibyte < 64; mebibyte++) await file.appendFile(randomBytes(1024 * 1024));
  await file.close();
  return [text, photo, large];
}

export async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Paints a sun above the sea, as a JPEG. */
function paintSunset(width: number, height: number): Buffer {
  const pixels = Buffer.alloc(width * height * 4);
  const horizon = height * 0.62;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const sky = y < horizon;
      const distance = Math.hypot(x - width * 0.6, y - horizon * 0.8);
      const glow = Math.max(0, 1 - distance / (width * 0.45));
      const sun = sky && distance < width * 0.06 ? 1 : 0;
      const wave = sky ? 0 : 18 * Math.sin(y / 3 + Math.sin(x / 40) * 2) * (1 - (y - horizon) / height);
      const depth = sky ? y / horizon : 1 - (y - horizon) / (height - horizon);
      const color = [
        60 + 150 * depth * glow + 60 * depth,
        50 + 90 * depth * glow + 40 * depth,
        110 - 40 * glow + 20 * depth,
      ];
      for (const [channel, value] of color.entries()) {
        pixels[(y * width + x) * 4 + channel] = Math.max(0, Math.min(255, value + wave + sun * 120));
      }
      pixels[(y * width + x) * 4 + 3] = 255;
    }
  }
  return encode({ data: pixels, width, height }, 88).data;
}
