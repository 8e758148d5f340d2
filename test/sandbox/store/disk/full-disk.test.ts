import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiClient, QuotaExceededError } from '../../../../src/index.js';
import { serveSandbox } from '../../../../src/serve.js';
import { makeZip } from '../../../fixtures/make-zip.js';
import { blobsOnDisk } from '../../../support/data-folder.js';
import { requires } from '../../../support/requirements.js';
import { tokenFor } from '../../../support/sandbox.js';

// These tests mount a file system of a few mebibytes and fill it.

const ends: (() => unknown)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function makeDisk(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-disk-'));
  ends.push(() => rm(folder, { recursive: true }));
  mount('mount', '-t', 'tmpfs', '-o', 'size=6m', 'none', folder);
  ends.push(() => mount('umount', folder));
  return folder;
}

function mount(command: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
}

async function serve(data: string): Promise<ApiClient> {
  const { url, sandbox, close } = await serveSandbox({ port: 0, data });
  ends.push(close);
  return new ApiClient({ token: await tokenFor(sandbox, 'alice', undefined, url), baseUrl: `${url}/v1`, retry: false });
}

/** Fills the disk. */
async function fill(disk: string): Promise<void> {
  const { bavail, bsize } = await statfs(disk);
  await writeFile(join(disk, 'filler'), Buffer.alloc(bavail * bsize, 'x'));
  expect((await statfs(disk)).bavail).toBe(0);
}

const megabyte = new Uint8Array(1_000_000);

describe('on a full disk', requires('mounts'), () => {
  const uploads: [string, (api: ApiClient, zip: string) => Promise<unknown>][] = [
    ['a large upload', (api) => api.files.upload(new File([megabyte], 'large.bin'))],
    ['a small upload', (api) => api.files.upload(new File(['small'], 'small.txt'))],
    ['an empty upload', (api) => api.files.upload(new File([''], 'empty.txt'))],
    [
      'an upload of several files',
      (api) => api.files.uploadAll([new File(['1'], '1.txt'), new File([megabyte], '2.bin')]),
    ],
    ['an extract', (api, zip) => api.files.extract(zip)],
    ['a clone', (api, zip) => api.files.clone(zip)],
  ];

  it('operations that store more data get a 507 response with a reason, and store nothing', async () => {
    const disk = await makeDisk();
    const api = await serve(disk);
    const entries = Array.from({ length: 50 }, (_, index) => ({
      name: `${index}.txt`,
      content: Buffer.alloc(9_000, index),
    }));
    const { id } = await api.files.upload(new File([new Uint8Array(makeZip(entries))], 'a.zip'));
    const before = {
      files: await api.files.list(),
      account: (await api.account.get()).quota_used,
      blobs: await blobsOnDisk(disk),
    };
    await fill(disk);
    // SQLite has space for a few small records in the pages that its log has already
    for (let tries = 0; tries < 1_000; tries++) {
      const stored = await api.files.upload(new File([''], 'fills the log.txt')).catch((error: unknown) => error);
      if (stored instanceof Error) break;
    }
    const full = { files: await api.files.list(), blobs: await blobsOnDisk(disk) };
    for (const [what, upload] of uploads) {
      const error: unknown = await upload(api, id).catch((reason: unknown) => reason);
      expect([what, error]).toEqual([what, expect.any(QuotaExceededError)]);
      expect(error).toMatchObject({
        status: 507,
        code: 'http_507',
        message: expect.stringContaining('disk of the sandbox is full'),
      });
      expect({ files: await api.files.list(), blobs: await blobsOnDisk(disk) }).toEqual(full);
    }
    expect((await api.account.get()).quota_used).toBe(before.account);

    await rm(join(disk, 'filler'));
    for (const [, upload] of uploads) await upload(api, id);
    expect((await api.files.list()).length).toBe(full.files.length + 1 + 1 + 1 + 2 + 50 + 1);
  });

  it('deleting works and frees the reported space', async () => {
    const disk = await makeDisk();
    const api = await serve(disk);
    const ids: string[] = [];
    for (let index = 0; index < 200; index++) {
      ids.push((await api.files.upload(new File([`small ${index}`], 's.txt'), { tags: ['#tape', `#${index}`] })).id);
    }
    const { id } = await api.files.upload(new File([megabyte], 'large.bin'));
    await api.files.publish(ids[0] ?? '');
    await fill(disk);
    for (const small of ids) await api.files.delete(small);
    expect((await api.files.list()).map((file) => file.id)).toEqual([id]);
    expect(await blobsOnDisk(disk)).toEqual([id]);
    await api.files.delete(id);
    expect((await api.account.get()).quota_used).toBe(0);
    await api.files.upload(new File([megabyte.subarray(0, 500_000)], 'again.bin'));
  });

  it('signing in, renaming and publishing still work', async () => {
    const disk = await makeDisk();
    const { url, sandbox, close } = await serveSandbox({ port: 0, data: disk });
    ends.push(close);
    const signIn = async () =>
      new ApiClient({ token: await tokenFor(sandbox, 'alice', undefined, url), baseUrl: `${url}/v1`, retry: false });
    const { id } = await (await signIn()).files.upload(new File(['text'], 'a.txt'));
    await fill(disk);
    for (let index = 0; index < 20; index++) {
      const api = await signIn();
      await api.files.update(id, { name: `name ${index}`, tags: [`#${index}`] });
      await api.files.publish(id);
      await api.files.unpublish(id);
    }
    await (await signIn()).files.delete(id);
  });

  it('a data folder can be opened, and its files can be deleted', async () => {
    const disk = await makeDisk();
    const first = await serveSandbox({ port: 0, data: disk });
    const token = await tokenFor(first.sandbox, 'alice', undefined, first.url);
    const { id } = await new ApiClient({ token, baseUrl: `${first.url}/v1` }).files.upload(new File(['text'], 'a.txt'));
    await first.close();
    await fill(disk);
    const { url, close } = await serveSandbox({ port: 0, data: disk });
    ends.push(close);
    const api = new ApiClient({ token, baseUrl: `${url}/v1`, retry: false });
    expect((await api.files.list()).map((file) => file.id)).toEqual([id]);
    await api.files.delete(id);
    expect(await blobsOnDisk(disk)).toEqual([]);
  });

  it('a data folder cannot be created, and the message gives the reason', async () => {
    const disk = await makeDisk();
    await fill(disk);
    const data = join(disk, 'data');
    await expect(serveSandbox({ port: 0, data })).rejects.toThrow(/data folder .* cannot be opened: its disk is full/);
    await rm(join(disk, 'filler'));
    await (await serve(data)).files.upload(new File(['text'], 'a.txt'));
    expect(await readdir(data)).toContain('sandbox.sqlite');
  });
});
