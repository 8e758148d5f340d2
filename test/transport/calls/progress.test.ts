import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ApiClientOptions, type CallOptions, type Progress, TimeoutError } from '../../../src/index.js';
import { downloadAll, saveDownload, uploadFolder } from '../../../src/node.js';
import { makeFolder } from '../../support/data-folder.js';
import { apiAt, bodyOf, reasonOf, rejection, reply, scriptedServer, wait } from '../../support/scripted-server.js';

async function server(options: Partial<ApiClientOptions> = {}) {
  const { url } = await scriptedServer(async (request, response) => {
    if (request.method === 'GET') return void response.end(Buffer.alloc(100_000));
    await bodyOf(request);
    reply(response, 200, { error: null, result: { x: { id: 'x', name: 'x', size: '1' } } });
  });
  return apiAt(url, options);
}

type OnProgress = (progress: Progress) => unknown;
type Options = CallOptions & { onFile?: () => void };
type Transfer = (onProgress: OnProgress, client?: Partial<ApiClientOptions>, call?: Options) => Promise<unknown>;

const transfers: [string, Transfer][] = [
  [
    'an upload',
    async (onProgress, client, call) =>
      (await server(client)).files.upload(new Blob(['content']), { ...call, onProgress }),
  ],
  [
    'a download',
    async (onProgress, client, call) =>
      (await (await server(client)).files.download('x', 'original', { ...call, onProgress })).bytes(),
  ],
  [
    'saveDownload()',
    async (onProgress, client, call) => {
      const path = join(await makeFolder(), 'x');
      return saveDownload(await server(client), 'x', path, { signal: call?.signal, onProgress });
    },
  ],
];

describe.each(transfers.slice(0, 2))('%s', (_, transfer) => {
  it('waits for an onProgress that never settles at most for the timeout, and names it', async () => {
    const error = await rejection(
      transfer(() => new Promise(() => {}), { timeout: 50 }),
      TimeoutError,
    );
    expect(error.message).toMatch(/^onProgress of (GET|POST) http:\S+ took longer than 50 ms$/);
  });
});

const several: [string, Transfer][] = [
  [
    'uploadEach()',
    async (onProgress, client, call) =>
      (await server(client)).files.uploadEach([new Blob(['a'])], { ...call, onProgress }),
  ],
  [
    'uploadFolder()',
    async (onProgress, client, call) => {
      const folder = await makeFolder();
      await writeFile(join(folder, 'a'), 'a');
      return uploadFolder(await server(client), folder, { ...call, onProgress });
    },
  ],
  [
    'downloadAll()',
    async (onProgress, client, call) => {
      const file = { id: 'x', name: 'x', extension: '', size: 100_000 };
      const { signal, onFile } = call ?? {};
      return downloadAll(await server(client), [file], await makeFolder(), { signal, onFile, onProgress });
    },
  ],
];

describe.each(several)('%s', (name, transfer) => {
  it('returns its results if it is aborted while it waits for an onProgress that never settles', async () => {
    const controller = new AbortController();
    let isDone = false;
    const onProgress = () => {
      if (!isDone) return undefined; // the file may be complete, but not yet have its name
      setTimeout(() => controller.abort('enough'), 20);
      return new Promise(() => {});
    };
    const onFile = () => {
      isDone = true;
    };
    const results = transfer(onProgress, { timeout: false }, { signal: controller.signal, onFile });
    expect(await results).toMatchObject([{ status: 'fulfilled' }]);
  });

  it('rejects with the error of an earlier report that rejects while it waits for the last one', async () => {
    const reason = new RangeError('enough');
    let reports = 0;
    const onProgress = async () => {
      const isFirst = reports++ === 0;
      await wait(isFirst ? 20 : 200);
      if (isFirst) throw reason;
    };
    expect(await reasonOf(transfer(onProgress))).toBe(reason);
  });

  if (name === 'uploadEach()') {
    it('waits for an onProgress that never settles at most for the timeout, and names it', async () => {
      const never = () => new Promise(() => {});
      const error = await rejection(transfer(never, { timeout: 50 }), TimeoutError);
      expect(error.message).toBe('onProgress of uploadEach() took longer than 50 ms');
    });
  }
});

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

  it('can be aborted while it waits for an onProgress that never settles', async () => {
    const controller = new AbortController();
    const onProgress = () => {
      setTimeout(() => controller.abort('enough'), 20);
      return new Promise(() => {});
    };
    expect(await reasonOf(transfer(onProgress, { timeout: false }, { signal: controller.signal }))).toBe('enough');
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
