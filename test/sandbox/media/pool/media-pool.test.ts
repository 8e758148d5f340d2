import type { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { RefusedArchive } from '../../../../src/sandbox/media/archives/refused-archive.js';
import { JobLimitExceeded } from '../../../../src/sandbox/media/job-limit-exceeded.js';
import { type MediaWork, mediaWorkInPlace } from '../../../../src/sandbox/media/media-work.js';
import { mediaPool, type PoolLimits } from '../../../../src/sandbox/media/pool/media-pool.js';
import type { Bytes } from '../../../../src/sandbox/media/reading/bytes.js';
import { ascii, bytesOf } from '../../../fixtures/make-bytes.js';
import { makeExif, makeJpeg, makePng, quarters } from '../../../fixtures/make-image.js';
import { makePdf } from '../../../fixtures/make-pdf.js';
import { makeMp3, makeVideo, makeWav } from '../../../fixtures/make-sound.js';
import { makeZip } from '../../../fixtures/make-zip.js';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

function pool(limits?: Partial<PoolLimits>): MediaWork {
  const made = mediaPool(limits);
  cleanUps.push(() => made.close());
  return made;
}

/** A file whose reads never end. */
const stuck: Bytes = { size: 10_000_000, read: () => new ReadableStream<Uint8Array>() };

/** A file whose reads never end after the first 256 KiB. */
const stuckAfterStart: Bytes = {
  size: stuck.size,
  read: (range) =>
    range.start === 0 ? bytesOf(new Uint8Array(256 * 1024), 256 * 1024).read(range) : stuck.read(range),
};

const mp3 = { declared: undefined, extension: 'mp3' };
const zip = { declared: undefined, extension: 'zip' };
const next = (work: MediaWork) => work.describe({ declared: undefined, extension: 'wav' }, bytesOf(makeWav(3)));

const photo = () => makeJpeg(400, 300, quarters(400, 300), makeExif(6));

it.each([
  ['a photo', 'jpg', photo],
  ['a PNG', 'png', () => makePng(40, 24, quarters(40, 24))],
  ['an image of an unknown format', 'portrait', () => ascii('pixels')],
  ['a file that is not an image', 'png', () => ascii('not an image')],
  ['a WAV file', 'wav', () => makeWav(3)],
  ['an MP3 file of more than 256 KiB', 'mp3', () => makeMp3(3000, { TIT2: 'Long' })],
  ['a video', 'mp4', () => makeVideo(320, 240)],
  ['a PDF', 'pdf', () => makePdf('/Title (Hello)')],
  ['a zip', 'zip', () => makeZip([{ name: 'a', content: ascii('hello') }])],
  ['a text file', 'txt', () => ascii('hello')],
] as const)('describes the same in a worker thread as in the calling thread: %s', async (_what, extension, make) => {
  const file = await make();
  const names = { declared: undefined, extension };
  const inPlace = await mediaWorkInPlace().describe(names, bytesOf(file));
  expect(await pool().describe(names, bytesOf(file))).toEqual(inPlace);
});

it('makes both thumbnails of an image in one job, and the same ones as in the calling thread', async () => {
  const made = await pool().makeRenditions('thumbnails', 'image/jpeg', bytesOf(photo()));
  expect([...made.keys()]).toEqual(['thumb_120.jpg', 'thumb_320.jpg']);
  expect(made).toEqual(await mediaWorkInPlace().makeRenditions('thumbnails', 'image/jpeg', bytesOf(photo())));
});

it('makes no thumbnails of a file that is not an image', async () => {
  expect(await pool().makeRenditions('thumbnails', 'image/jpeg', bytesOf(ascii('no')))).toEqual(new Map());
});

it('rejects with the error of the store, and runs the next job', async () => {
  const work = pool();
  const failing = {
    size: 1_000_000,
    read: () => new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new Error('disk')) }),
  };
  await expect(work.describe(mp3, failing)).rejects.toThrow('disk');
  expect(await next(work)).toMatchObject({ meta: { duration: 3 } });
});

it('draws the same avatar in a worker thread as in the calling thread', async () => {
  const seed = '0123456789abcdef'.repeat(4);
  const made = await pool().makeAvatar(seed, 50);
  expect([...made.keys()]).toEqual(['50']);
  expect(made).toEqual(await mediaWorkInPlace().makeAvatar(seed, 50));
  expect(await pool().makeAvatar(seed.replaceAll('0', '1'), 50)).not.toEqual(made);
});

describe('a queue that is full', () => {
  const thumbnails = (work: MediaWork) => work.makeRenditions('thumbnails', 'image/jpeg', bytesOf(photo()));

  it.each<[string, () => MediaWork, number]>([
    ['of the pool', () => pool({ waiting: 20 }), 20],
    ['of the calling thread', () => mediaWorkInPlace(), 200],
  ])('%s refuses further jobs at once, and accepts them again later', async (_, make, mostWaiting) => {
    const work = make();
    const small = () => work.makeRenditions('image.jpg', 'image/png', bytesOf(ascii('not an image')));
    const outcomes = await Promise.allSettled(Array.from({ length: 300 }, small));
    const accepted = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(accepted).toBeGreaterThan(mostWaiting);
    expect(accepted).toBeLessThanOrEqual(mostWaiting + 2); // those that ran
    expect(outcomes.at(-1)).toMatchObject({ status: 'rejected', reason: { name: 'TooManyJobs' } });
    expect((await thumbnails(work)).size).toBe(2);
  });

  it('does not keep jobs of another kind', async () => {
    const work = pool({ waiting: 1 });
    const full = Promise.allSettled(Array.from({ length: 10 }, () => thumbnails(work)));
    expect(await next(work)).toMatchObject({ meta: { duration: 3 } });
    await expect(work.unzip(bytesOf(ascii('no')), { maxBytes: 1, maxEntries: 1 }).next()).rejects.toThrow(
      RefusedArchive,
    );
    await full;
  });
});

describe('a job that exceeds its limits', () => {
  it('of time in a busy thread fails, and the next job runs in a new thread', async () => {
    const work = pool({ renditions: 1 });
    await expect(work.makeRenditions('thumbnails', 'image/jpeg', bytesOf(photo()))).rejects.toThrow(JobLimitExceeded);
    expect(await next(work)).toMatchObject({ meta: { duration: 3 } });
  });

  it('of time while reading metadata makes the file unreadable', async () => {
    const work = pool({ describe: 500 });
    expect(await work.describe(zip, stuckAfterStart)).toEqual({
      type: 'application/zip',
      mediaType: 'archive',
      isReadable: false,
      meta: {},
    });
  });

  it('of time while unpacking rejects with RefusedArchive', async () => {
    const unpacking = pool({ unzip: 500 }).unzip(stuckAfterStart, { maxBytes: 1_000, maxEntries: 10 });
    await expect(unpacking.next()).rejects.toThrow(RefusedArchive);
  });

  it('of memory fails, and the next job runs in a new thread', async () => {
    const zip = makeZip(Array.from({ length: 30_000 }, (_, index) => ({ name: `${index}` })));
    const work = pool({ heapMb: 16 });
    const unpacking = work.unzip(bytesOf(zip, 1_000_000), { maxBytes: 1_000, maxEntries: 100_000 });
    await expect(unpacking.next()).rejects.toThrow('too much time or memory');
    expect(await next(work)).toMatchObject({ meta: { duration: 3 } });
  });
});

describe('unzipping in a worker thread', () => {
  const limits = { maxBytes: 50_000_000, maxEntries: 5_000 };

  async function unpacked(work: MediaWork, zip: Uint8Array): Promise<string[]> {
    const files: string[] = [];
    for await (const { name, size, stream } of work.unzip(bytesOf(zip, 100_000), limits)) {
      files.push(`${name} ${size} ${(await new Response(stream).text()).slice(0, 20)}`);
    }
    return files;
  }

  const many = Array.from({ length: 1_003 }, (_, index) => ({
    name: `folder/${index}.txt`,
    content: ascii(`${index} `.repeat(index)),
  }));

  it.each([
    ['an empty archive', []],
    ['empty files', [{ name: 'a' }, { name: 'b' }]],
    ['many small files', many],
    [
      'a large file between small ones',
      [
        { name: 'a', content: ascii('a') },
        { name: 'b', content: new Uint8Array(3_000_000) },
        { name: 'c', content: ascii('c') },
      ],
    ],
    [
      'a file that is just too large to be unpacked synchronously',
      [{ name: 'a', content: new Uint8Array(256 * 1024 + 1) }],
    ],
  ])('yields the same files as in the calling thread: %s', async (_what, entries) => {
    const zip = makeZip(entries);
    const files = await unpacked(pool(), zip);
    expect(files).toEqual(await unpacked(mediaWorkInPlace(), zip));
    expect(files).toHaveLength(entries.length);
  });

  it.each([
    ['does not match its checksum', { crc: 1 }],
    ['is larger than declared', { size: 3 }],
    ['is smaller than declared', { size: 3000 }],
  ])('refuses an archive with a file that %s', async (_what, claims) => {
    const zip = makeZip([
      { name: 'good', content: ascii('good') },
      { name: 'bad', content: ascii('hello'), ...claims },
    ]);
    await expect(unpacked(pool(), zip)).rejects.toThrow(RefusedArchive);
  });

  it('can be stopped early, and the thread runs the next job', async () => {
    const work = pool();
    for await (const { name } of work.unzip(bytesOf(makeZip(many), 100_000), limits)) {
      expect(name).toBe('0.txt');
      break;
    }
    expect(await unpacked(work, makeZip([{ name: 'a', content: ascii('next') }]))).toEqual(['a 4 next']);
  });
});

it('cancels the running job when it is closed, and does not report the file as unreadable', async () => {
  const work = mediaPool();
  const reading = work.describe(zip, stuckAfterStart);
  const failure = expect(reading).rejects.toThrow('the sandbox was closed');
  await new Promise((resolve) => setTimeout(resolve, 300));
  await work.close();
  await failure;
  await expect(next(work)).rejects.toThrow('the sandbox was closed');
});

it('starts another thread if an idle one has died', async () => {
  const workers: Worker[] = [];
  const add = (worker: Worker) => workers.push(worker);
  process.on('worker', add);
  try {
    const work = pool({ avatar: 30_000, describe: 30_000 });
    await work.makeAvatar('0123456789abcdef01', 50);
    await Promise.all(workers.map((worker) => worker.terminate()));
    expect((await work.makeAvatar('0123456789abcdef01', 50)).size).toBe(1);
    expect(await next(work)).toMatchObject({ isReadable: true });
  } finally {
    process.off('worker', add);
  }
});
