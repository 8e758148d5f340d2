import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { svgRenderer } from '../../../../src/sandbox/media/pool/svg-renderer.js';
import { bytesOf } from '../../../support/store.js';

const folder = mkdtempSync(join(tmpdir(), 'svg-renderer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes a module with the interface of sharp. */
function sharpWith(toBuffer: string): string {
  const path = join(folder, `${crypto.randomUUID()}.cjs`);
  writeFileSync(
    path,
    `const fs = require('node:fs');
    module.exports = (file, options) => {
      const calls = [String(file), options];
      const image = { toBuffer: async () => { ${toBuffer} } };
      for (const name of ['resize', 'flatten', 'jpeg']) image[name] = (...args) => { calls.push(name, ...args); return image; };
      return image;
    };
    module.exports.cache = () => {};
    module.exports.concurrency = () => {};`,
  );
  return path;
}

const options = { pixels: 100, quality: 85, sizes: [{ edge: 120, density: 9 }, {}] };

it('makes a JPEG of each size, in another process', async () => {
  const render = svgRenderer(sharpWith('return Buffer.from(JSON.stringify([process.pid, ...calls]));'));
  const made = (await render(bytesOf('<svg/>'), options)).map((bytes) => JSON.parse(new TextDecoder().decode(bytes)));
  const pid = made[0][0];
  expect(pid).not.toBe(process.pid);
  const end = ['flatten', { background: '#fff' }, 'jpeg', { quality: 85 }];
  const size = { width: 120, height: 120, fit: 'inside', withoutEnlargement: true };
  expect(made).toEqual([
    [pid, '<svg/>', { limitInputPixels: 100, density: 9 }, 'resize', size, ...end],
    [pid, '<svg/>', { limitInputPixels: 100 }, ...end],
  ]);
});

it.each([
  ['takes too long', 'return new Promise(() => {});'],
  ['blocks its process', 'for (;;);'],
  // as sharp does: Node waits for the threads of its pool before it exits
  [
    'blocks the threads of its process',
    "require('node:crypto').pbkdf2('', '', 2 ** 31 - 1, 64, 'sha512', () => {}); return new Promise(() => {});",
  ],
  ['fails', "throw new Error('damaged');"],
  ['ends after the first size', "if (calls.includes('resize')) return Buffer.from('x'); process.exit();"],
])('rejects, and leaves no process, if sharp %s', async (_what, toBuffer) => {
  const pidPath = join(folder, `${crypto.randomUUID()}.pid`);
  const path = sharpWith(`fs.writeFileSync(${JSON.stringify(pidPath)}, String(process.pid)); ${toBuffer}`);
  // a busy machine may not start the process within the first limit
  for (let limitMs = 1_000; !existsSync(pidPath); limitMs *= 2) {
    const made = svgRenderer(path, limitMs)(bytesOf('<svg/>'), options);
    await expect(made).rejects.toThrow('the process that draws the SVG has failed');
  }
  const pid = Number(readFileSync(pidPath, 'utf8'));
  expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

it('can draw a large file', async () => {
  const render = svgRenderer(sharpWith('return Buffer.alloc(20_000_000, calls[0]);'));
  const file = new Uint8Array(20_000_000).fill(0x61);
  const [first, second] = await render(file, options);
  expect([first?.length, second?.length, first?.at(-1)]).toEqual([20_000_000, 20_000_000, 0x61]);
});
