import { rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { ApiError, NotFoundError } from '../../../src/index.js';
import { memoryStore } from '../../../src/sandbox.js';
import { serveSandbox } from '../../../src/serve.js';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { makeFolder } from '../../support/data-folder.js';
import { inProcess, signIn } from '../../support/sandbox.js';

// Files whose content was removed or truncated in the data folder by hand.

afterEach(() => vi.restoreAllMocks());

async function home() {
  const data = await makeFolder();
  const served = await serveSandbox({ port: 0, data });
  onTestFinished(() => served.close());
  const { api, token } = await signIn(served, 'alice');
  const lines: string[] = [];
  vi.spyOn(console, 'error').mockImplementation((line) => lines.push(String(line)));
  const pathOf = (id: string) => join(data, 'files', id.slice(0, 2), id);
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${served.url}${path}`, { headers: { Authorization: `Bearer ${token}`, ...headers } });
  return { api, get, pathOf, lines };
}

it.each<[string, (path: string) => Promise<unknown>]>([
  ['missing', (path) => rm(path)],
  ['shorter than its record says', (path) => truncate(path, 100_000)],
])(
  'content that is %s gets a 500 response before any of it is sent, and a line in the log',
  async (problem, damage) => {
    const { api, get, pathOf, lines } = await home();
    const file = await api.files.upload(new File([new Uint8Array(200_000)], 'a.bin'));
    const link = await api.files.publish(file.id);
    await damage(pathOf(file.id));
    const requests: [string, Record<string, string>?][] = [
      [`/v1/doc/${file.id}/original`],
      [`/v1/doc/${file.id}/original`, { Range: 'bytes=150000-' }],
      [`${link.pathname}/original`],
    ];
    for (const [path, headers] of requests) {
      lines.length = 0;
      const response = await get(path, headers);
      expect([path, response.status]).toEqual([path, 500]);
      expect(await response.json()).toEqual({
        error: { code: 500, message: expect.stringContaining('missing or damaged') },
        result: null,
      });
      expect(lines).toEqual([expect.stringContaining(`the content of a file is ${problem}`)]);
      expect(lines[0]).toContain(pathOf(file.id));
    }
    await expect(api.files.clone(file.id)).rejects.toThrow('missing or damaged');
    await api.files.delete(file.id);
    expect(await api.files.list()).toEqual([]);
  },
);

it('a thumbnail of an image whose content is missing gets the same response', async () => {
  const { api, pathOf, lines } = await home();
  const jpeg = new Uint8Array(makeJpeg(200, 100, quarters(200, 100)));
  const { id } = await api.files.upload(new File([jpeg], 'a.jpg'));
  await rm(pathOf(id));
  const error: unknown = await api.files.download(id, 'thumb_120.jpg').catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({ status: 500, message: expect.stringContaining('missing or damaged') });
  expect(lines).toEqual([expect.stringContaining(pathOf(id))]);
});

it('a file that is deleted while it is requested gets a 404 response', async () => {
  const store = memoryStore();
  let deletes = false;
  const { api } = await inProcess({
    store: {
      ...store,
      async get(collection, key) {
        const found = await store.get(collection, key);
        if (deletes && collection === 'files') await store.clear();
        return found;
      },
    },
  });
  const { id } = await api.files.upload(new File(['text'], 'a.txt'));
  deletes = true;
  await expect(api.files.download(id)).rejects.toThrow(NotFoundError);
});
