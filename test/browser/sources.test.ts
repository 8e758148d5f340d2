import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { ApiClient, ConfigurationError, TransferError, type UploadSource } from '../../src/index.js';
import { rejection } from './rejection.js';

// Upload sources from another realm, or with unusual memory.

const sandbox = inject('sandbox');
const api = new ApiClient({ token: sandbox.token, baseUrl: `${sandbox.url}/v1` });

const content = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8) * 17) & 0xff);

/** Passes values that the types of the SDK do not allow. */
function untyped(value: unknown): UploadSource {
  return value as UploadSource;
}

/** The constructors of another realm. */
type Realm = Pick<typeof globalThis, 'Blob' | 'File' | 'Response' | 'ReadableStream' | 'Uint8Array' | 'DataView'>;

function iframe(): { realm: Realm; remove: () => void } {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  onTestFinished(() => frame.remove());
  return { realm: frame.contentWindow as unknown as Realm, remove: () => frame.remove() };
}

async function expectUploaded(source: unknown, name = 'untitled'): Promise<void> {
  const { id } = await api.files.upload(untyped(source));
  const downloaded = new Uint8Array(await (await api.files.download(id)).arrayBuffer());
  expect(downloaded.length).toBe(content.length);
  expect(downloaded.every((byte, index) => byte === content[index])).toBe(true);
  expect((await api.files.get(id)).name).toBe(name);
}

function shared(): ArrayBufferLike {
  // pages without cross-origin isolation have no SharedArrayBuffer
  const { buffer } = new WebAssembly.Memory({ shared: true, initial: 5, maximum: 5 });
  new Uint8Array(buffer).set(content);
  return buffer;
}

function resizable(): ArrayBuffer {
  const buffer = new ArrayBuffer(content.length, { maxByteLength: 2 * content.length });
  new Uint8Array(buffer).set(content);
  return buffer;
}

describe('an upload from a page accepts', () => {
  it.each<[string, (realm: Realm) => unknown, string?]>([
    ['a File', (realm) => new realm.File([content], 'framed.bin', { type: 'a/b' }), 'framed'],
    ['a Blob', (realm) => new realm.Blob([content])],
    ['a Response', (realm) => new realm.Response(content)],
    ['a stream', (realm) => new realm.Blob([content]).stream()],
    ['a stream and its size', (realm) => ({ stream: new realm.Blob([content]).stream(), size: content.length })],
    ['a typed array', (realm) => new realm.Uint8Array(content)],
    ['a DataView', (realm) => new realm.DataView(new realm.Uint8Array(content).buffer)],
    ['an ArrayBuffer', (realm) => new realm.Uint8Array(content).buffer],
  ])('%s of an iframe', async (_, make, name) => expectUploaded(make(iframe().realm), name));

  it('a File of an iframe that was removed', async () => {
    const { realm, remove } = iframe();
    const file = new realm.File([content], 'gone.bin');
    remove();
    await expectUploaded(file, 'gone');
  });

  it.each<[string, () => unknown]>([
    ['shared memory', () => new Uint8Array(shared(), 0, content.length)],
    ['resizable memory', resizable],
    ['a view of resizable memory', () => new Uint8Array(resizable())],
    ['a stream of shared memory', () => streamOf(new Uint8Array(shared(), 0, content.length))],
    ['a stream of resizable memory', () => streamOf(new Uint8Array(resizable()))],
    ['a Blob of a library', () => library(content)],
  ])('%s', async (_, make) => expectUploaded(make()));

  it('a buffer that is transferred directly after the call', async () => {
    const bytes = content.slice();
    const call = api.files.upload(bytes);
    structuredClone(null, { transfer: [bytes.buffer] });
    const { id } = await call;
    expect((await api.files.get(id)).size).toBe(content.length);
  });
});

function streamOf(bytes: Uint8Array): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

function library(bytes: Uint8Array<ArrayBuffer>): object {
  return {
    size: bytes.length,
    type: '',
    slice: (start: number, end: number) => library(bytes.slice(start, end)),
    arrayBuffer: async () => bytes.slice().buffer,
  };
}

describe('an upload from a page refuses', () => {
  it('a transferred buffer and does not send an empty file', async () => {
    const bytes = content.slice();
    structuredClone(null, { transfer: [bytes.buffer] });
    for (const source of [bytes, bytes.buffer]) {
      const error = await rejection(api.files.upload(source), ConfigurationError);
      expect(error.message).toMatch(/^source has no bytes/);
    }
  });

  it('a stream that has errored, and reports its error', async () => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(Object.assign(new Error('x'), { code: 'EBROKEN' })),
    });
    const error = await rejection(api.files.upload(stream), TransferError);
    expect(error).toMatchObject({ code: 'interrupted', message: expect.stringContaining('EBROKEN') });
  });
});
