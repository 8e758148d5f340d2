import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { serveSandbox } from '../../../src/serve.js';
import { makeProgressiveJpeg } from '../../fixtures/make-progressive-jpeg.js';
import { captureConsole } from '../../support/fuzz.js';
import { signIn } from '../../support/sandbox.js';

it('prints nothing if it is closed while it makes thumbnails and receives files', async () => {
  const data = mkdtempSync(join(tmpdir(), 'close-'));
  const server = await serveSandbox({ port: 0, data });
  const printed = captureConsole();
  try {
    const { api } = await signIn(server, 'alice');
    const photo = new Blob([new Uint8Array(makeProgressiveJpeg(4000, 3000))]);
    const files = await Promise.all([1, 2, 3].map((number) => api.files.upload(photo, { name: `${number}.jpg` })));
    let isReceiving = () => {};
    const receiving = new Promise<void>((resolve) => {
      isReceiving = resolve;
    });
    let chunks = 0;
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await delay(10);
        controller.enqueue(new Uint8Array(100_000));
        if (++chunks === 5) isReceiving();
      },
    });
    const calls = [
      ...files.map(({ id }) => api.files.download(id, 'thumb_120.jpg')),
      api.files.upload({ stream: slow, size: 100_000_000 }, { name: 'slow.bin' }),
    ];
    const outcomes = Promise.allSettled(calls);
    await receiving;
    await server.close(); // each thumbnail takes much longer than five chunks
    expect((await outcomes).filter(({ status }) => status === 'rejected').length).toBeGreaterThan(1);
    await delay(100);
    expect(printed).toEqual([]);
  } finally {
    await server.close();
    rmSync(data, { recursive: true, force: true });
  }
});
