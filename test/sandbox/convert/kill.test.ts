import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiClient } from '../../../src/index.js';
import { blobsOnDisk } from '../../support/data-folder.js';
import { requires } from '../../support/requirements.js';

let folder: string;
let data: string;
const children: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'conversion-kill-'));
  data = join(folder, 'data');
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<{
  child: ChildProcess;
  api: ApiClient;
  converters: { name: string; status: string }[];
}> {
  const flags = ['sandbox', '--data', data, '--port', '0', '--json', '--quiet', '--convert', '--auto-approve', 'alice'];
  const child = spawn(process.execPath, [resolve('dist/cli.js'), ...flags], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { url, apiBaseUrl, apps, converters } = JSON.parse(line);
  const query = new URLSearchParams({
    response_type: 'token',
    client_id: apps.find(({ type }: { type: string }) => type === 'client').clientId,
    redirect_uri: 'http://localhost/',
    scope: 'file.create file.read',
  });
  const response = await fetch(`${url}/oauth2?${query}`, { redirect: 'manual' });
  const token = new URLSearchParams(new URL(response.headers.get('location') ?? '').hash.slice(1)).get('access_token');
  return { child, api: new ApiClient({ token: token ?? '', baseUrl: apiBaseUrl }), converters };
}

/** The processes that work in the data folder. */
function workingThere(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(join(data, 'converting'));
      } catch {
        return false; // it has ended
      }
    });
}

it.runIf(existsSync('/proc'))(
  'converts a file after the sandbox was killed, and ends the program that was at work',
  requires('ffmpeg'),
  async () => {
    const path = join(folder, 'a.wav');
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'sine=duration=400', path]);
    const killed = await start();
    expect(killed.converters).toContainEqual(expect.objectContaining({ name: 'ffmpeg', status: 'found' }));
    const { id } = await killed.api.files.upload(new Blob([readFileSync(path)]), { name: 'a.wav' });
    await expect.poll(workingThere).not.toEqual([]);
    killed.child.kill('SIGKILL');
    await once(killed.child, 'close');
    await expect.poll(workingThere).toEqual([]);

    const { child, api } = await start();
    expect((await api.files.waitUntilProcessed(id, { timeout: 110_000 })).processing_status).toBe('ok');
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(await blobsOnDisk(data)).toEqual([id, `${id}.audio.mp3`]);
    expect(existsSync(join(data, 'converting'))).toBe(false);
  },
);
