import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mebibytes, quantile, sandboxOperations } from './operations.ts';
import { startServer } from './servers.ts';

/**
 * Measures the conversion of files: how long it takes, the memory of the program, and how long other clients wait meanwhile. Run it with
 * `npm run bench:convert` on Linux, with ffmpeg and LibreOffice.
 */

const folder = mkdtempSync(join(tmpdir(), 'bench-convert-'));
const server = await startServer('converting');
const operations = sandboxOperations(server);
const headers = { authorization: `Bearer ${server.token}` };

/** The memory of all processes that work in the folder of a conversion. */
function programMemory(): number {
  let bytes = 0;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    try {
      if (!readlinkSync(`/proc/${pid}/cwd`).includes('/data/converting/')) continue;
      bytes += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
    } catch {
      // it has ended
    }
  }
  return bytes;
}

async function statusOf(id: string): Promise<string> {
  const response = await fetch(`${server.url}/v1/doc/${id}`, { headers });
  return (await response.json()).result.processing_status;
}

async function measure(name: string, content: Uint8Array<ArrayBuffer>) {
  const times: number[] = [];
  let peak = 0;
  const start = performance.now();
  const id = await operations.upload(content, name, '');
  let status = 'processing';
  while (status === 'processing') {
    const pinged = performance.now();
    await operations.account();
    times.push(performance.now() - pinged);
    peak = Math.max(peak, programMemory());
    await new Promise((resolve) => setTimeout(resolve, 20));
    status = await statusOf(id);
  }
  return {
    status,
    'time, s': ((performance.now() - start) / 1000).toFixed(1),
    'memory of the program, MiB': mebibytes(peak),
    'median ping, ms': quantile(times, 0.5).toFixed(1),
    'p99 ping, ms': quantile(times, 0.99).toFixed(1),
  };
}

function make(name: string, ...args: string[]): Uint8Array<ArrayBuffer> {
  const path = join(folder, name);
  execFileSync('ffmpeg', ['-v', 'error', ...args, path]);
  return new Uint8Array(readFileSync(path));
}

try {
  for (let round = 0; round < 300; round++) await operations.account(); // warming up
  const film = (size: string) => [
    ...['-f', 'lavfi', '-i', `testsrc2=duration=5:size=${size}:rate=30`, '-f', 'lavfi', '-i', 'sine=duration=5'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
  ];
  const text = new TextEncoder().encode('The quick brown fox jumps over the lazy dog.\n'.repeat(5_000));
  console.table({
    '5 s of 1080p': await measure('hd.mov', make('hd.mov', ...film('1920x1080'))),
    '5 s of 480p': await measure('sd.mov', make('sd.mov', ...film('854x480'))),
    '3 min of sound': await measure('a.flac', make('a.flac', '-f', 'lavfi', '-i', 'sine=duration=180')),
    'text of 5,000 lines': await measure('a.txt', text),
  });
} finally {
  await server.stop();
  rmSync(folder, { recursive: true });
}
