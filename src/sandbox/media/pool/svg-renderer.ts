import { spawn } from 'node:child_process';
import type { RenderSvg } from '../images/image-peers.js';

/**
 * What the process runs: it reads an SVG, and writes each JPEG behind its length. It ends itself by a signal, because a process that exits
 * waits for its threads.
 */
const program = `
const { path, limitMs, pixels, quality, sizes } = JSON.parse(process.argv[1]);
setTimeout(() => process.kill(process.pid, 'SIGKILL'), limitMs);
const chunks = [];
process.stdin.on('data', (chunk) => chunks.push(chunk)).on('end', async () => {
  const sharp = require(path);
  sharp.cache(false);
  sharp.concurrency(1);
  for (const { edge, density } of sizes) {
    let image = sharp(Buffer.concat(chunks), { limitInputPixels: pixels, ...(density && { density }) });
    if (edge) image = image.resize({ width: edge, height: edge, fit: 'inside', withoutEnlargement: true });
    const jpeg = await image.flatten({ background: '#fff' }).jpeg({ quality }).toBuffer();
    const length = Buffer.alloc(4);
    length.writeUInt32BE(jpeg.length);
    process.stdout.write(length);
    process.stdout.write(jpeg);
  }
  process.stdout.end(() => process.kill(process.pid, 'SIGKILL'));
});`;

/**
 * Draws SVG in a process of its own. sharp cannot stop while it draws an SVG, even if that takes hours, and it would occupy a thread of the
 * pool that Node reads and writes all files with.
 * @param path the module of sharp
 */
export function svgRenderer(path: string, limitMs = 20_000): RenderSvg {
  const { SystemRoot } = process.env; // Windows needs it
  return async (file, options) => {
    const child = spawn(process.execPath, ['-e', program, JSON.stringify({ path, limitMs, ...options })], {
      env: SystemRoot === undefined ? {} : { SystemRoot },
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: limitMs, // the process has the same limit, in case this thread is terminated before
      killSignal: 'SIGKILL',
      windowsHide: true,
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stdin.on('error', () => {}); // the process has ended
    child.stdin.end(file);
    await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    const made = piecesOf(Buffer.concat(chunks));
    if (made.length < options.sizes.length) throw new Error('the process that draws the SVG has failed');
    return made;
  };
}

function piecesOf(output: Buffer): Uint8Array<ArrayBuffer>[] {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at + 4 <= output.length; ) {
    const end = at + 4 + output.readUInt32BE(at);
    if (end > output.length) break;
    pieces.push(new Uint8Array(output.subarray(at + 4, end)));
    at = end;
  }
  return pieces;
}
