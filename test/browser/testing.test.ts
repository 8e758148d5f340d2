import { setupWorker } from 'msw/browser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { createSandbox } from '../../src/sandbox.js';
import { doctapeHandlers } from '../../src/testing.js';
import { implicitToken } from './implicit-token.js';

const sandbox = createSandbox();
const worker = setupWorker(...doctapeHandlers(sandbox));
beforeAll(async () => {
  await worker.start({ quiet: true, onUnhandledFrame: 'bypass' });
});
afterAll(() => worker.stop());

/** An application as in production: it configures no endpoint. */
async function signIn(): Promise<ApiClient> {
  return new ApiClient({ token: await implicitToken(sandbox, 'https://my.doctape.com/oauth2', 'alice') });
}

async function drawing(type: 'image/png' | 'image/jpeg'): Promise<Blob> {
  const canvas = document.createElement('canvas');
  canvas.width = 200;
  canvas.height = 100;
  const context = canvas.getContext('2d');
  if (context) {
    context.fillStyle = 'teal';
    context.fillRect(50, 0, 100, 100);
  }
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('nothing was drawn'))), type),
  );
}

function shown(url: URL): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error('the picture did not load'));
    image.src = url.href;
  });
}

it('doctapeHandlers run a doctape server in the page that stores and returns files', async () => {
  const api = await signIn();
  expect((await api.account.get()).username).toBe('alice');

  const file = await api.files.upload(new File(['hello'], 'hello.txt', { type: 'text/plain' }));
  const stream = new Blob(['streamed']).stream();
  const streamed = await api.files.upload(stream, { name: 'streamed.txt', type: 'text/plain' });
  expect([file.size, streamed.size]).toEqual([5, 8]);

  expect((await api.files.list()).map(({ name, size }) => `${name} ${size}`)).toEqual(['hello 5', 'streamed 8']);
  expect(await api.files.update(file.id, { starred: true })).toMatchObject({ name: 'hello', starred: true });
  expect(await (await api.files.download(file.id)).text()).toBe('hello');
  expect(await (await api.files.download(streamed.id)).text()).toBe('streamed');
  expect(await (await fetch(api.files.url(streamed.id))).text()).toBe('streamed');
});

it.each(['image/png', 'image/jpeg'] as const)('shows a thumbnail of %s in an image', async (type) => {
  const api = await signIn();
  const { id } = await api.files.upload(await drawing(type), { name: `drawing.${type.slice(6)}` });
  const original = await shown(api.files.url(id));
  expect([original.naturalWidth, original.naturalHeight]).toEqual([200, 100]);
  const thumbnail = await shown(api.files.url(id, 'thumb_120.jpg'));
  expect([thumbnail.naturalWidth, thumbnail.naturalHeight]).toEqual([120, 60]);
});
