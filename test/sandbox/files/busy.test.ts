import { afterAll, expect, it } from 'vitest';
import { ApiClient, ApiError } from '../../../src/index.js';
import { mediaPool } from '../../../src/sandbox/media/pool/media-pool.js';
import { buildSandbox } from '../../../src/sandbox/server/create-sandbox.js';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { makeZip } from '../../fixtures/make-zip.js';
import { origin, tokenFor } from '../../support/sandbox.js';

// A client that asks for everything at once: jobs beyond the bound of the queue are refused, and can be repeated.

const media = mediaPool({ waiting: 0 });
afterAll(() => media.close());
const { sandbox } = buildSandbox({}, media);
const token = await tokenFor(sandbox, 'alice');
const api = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch, retry: false });
const photo = () => new File([new Uint8Array(makeJpeg(600, 400, quarters(600, 400)))], 'a.jpg');

interface Outcomes<T> {
  done: T[];
  refused: unknown[];
}

async function atOnce<T>(count: number, call: (index: number) => Promise<T>): Promise<Outcomes<T>> {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, index) => call(index)));
  const done = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  return { done, refused: outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : [])) };
}

function expectBusy({ done, refused }: Outcomes<unknown>): void {
  expect(done.length).toBeGreaterThan(0);
  expect(refused.length).toBeGreaterThan(0);
  for (const error of refused) {
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 503, retryAfter: 5, message: expect.stringContaining('try again later') });
  }
}

it('thumbnails of many files at once get 503 with Retry-After, and are made later', async () => {
  const { id } = await api.files.upload(photo());
  const ids = await Promise.all(Array.from({ length: 20 }, () => api.files.clone(id)));
  const thumbnail = async (copy: string) => (await api.files.download(copy, 'thumb_120.jpg')).bytes();
  expectBusy(await atOnce(20, (index) => thumbnail(ids[index] ?? '')));
  for (const copy of ids) expect((await thumbnail(copy)).length).toBeGreaterThan(100);
  for (const copy of [id, ...ids]) await api.files.delete(copy);
});

it('the same thumbnail for many clients at once is made once, and nobody is refused', async () => {
  const { id } = await api.files.upload(photo());
  const { done } = await atOnce(50, async () => (await api.files.download(id, 'thumb_320.jpg')).bytes());
  expect(done).toHaveLength(50);
  await api.files.delete(id);
});

it('uploads that are refused store nothing and use no quota', async () => {
  const outcomes = await atOnce(30, async () => (await api.files.upload(photo())).id);
  expectBusy(outcomes);
  const files = await api.files.list();
  expect(files.map(({ id }) => id).sort()).toEqual(outcomes.done.toSorted());
  const used = files.reduce((sum, { size }) => sum + size, 0);
  expect((await api.account.get()).quota_used).toBe(used);
  for (const { id } of files) await api.files.delete(id);
});

it('archives that are refused add nothing', async () => {
  const zip = new File([new Uint8Array(makeZip([{ name: 'one.txt', content: Buffer.from('one') }]))], 'a.zip');
  const { id } = await api.files.upload(zip);
  const outcomes = await atOnce(10, () => api.files.extract(id));
  expectBusy(outcomes);
  expect(await api.files.list()).toHaveLength(1 + outcomes.done.length);
});

it('avatars are drawn once for each size, whoever asks for them and how often', async () => {
  const { done } = await atOnce(60, async () => (await api.account.avatar(300)).bytes());
  expect(done).toHaveLength(60);
  expect(new Set(done.map((bytes) => Buffer.from(bytes).toString('hex'))).size).toBe(1);
});
