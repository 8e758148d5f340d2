import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Progress } from '../../../src/index.js';
import { saveDownload } from '../../../src/node.js';
import { apiAt, bodyOf, reasonOf, reply, scriptedServer } from '../../support/scripted-server.js';

async function server() {
  const { url } = await scriptedServer(async (request, response) => {
    if (request.method === 'GET') return void response.end(Buffer.alloc(100_000));
    await bodyOf(request);
    reply(response, 200, { error: null, result: { x: { id: 'x', name: 'x', size: '1' } } });
  });
  return apiAt(url);
}

const transfers: [string, (onProgress: (progress: Progress) => void) => Promise<unknown>][] = [
  ['an upload', async (onProgress) => (await server()).files.upload(new Blob(['content']), { onProgress })],
  [
    'a download',
    async (onProgress) => (await (await server()).files.download('x', 'original', { onProgress })).bytes(),
  ],
  [
    'saveDownload()',
    async (onProgress) => {
      const folder = await mkdtemp(join(tmpdir(), 'doctape-progress-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      return saveDownload(await server(), 'x', join(folder, 'x'), {
        onProgress,
      });
    },
  ],
];

describe.each(transfers)('%s', (_, transfer) => {
  it('rejects with the error that onProgress throws', async () => {
    const reason = new RangeError('enough');
    const onProgress = () => {
      throw reason;
    };
    expect(await reasonOf(transfer(onProgress))).toBe(reason);
  });

  it('rejects with the error that an async onProgress rejects with', async () => {
    const reason = new RangeError('enough');
    expect(await reasonOf(transfer(async () => Promise.reject(reason)))).toBe(reason);
  });

  it('waits for an async onProgress at its end', async () => {
    const seen: number[] = [];
    await transfer(async ({ fraction = 0 }) => {
      await null;
      seen.push(fraction);
    });
    expect(seen.at(-1)).toBe(1);
  });
});
