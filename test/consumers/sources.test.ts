import { Blob as FetchBlob } from 'fetch-blob';
import { File as FetchFile } from 'fetch-blob/file.js';
import { Blob as FormDataBlob, File as FormDataFile, FormData as FormDataOfNode } from 'formdata-node';
import { Window } from 'happy-dom';
import { JSDOM } from 'jsdom';
import nodeFetch from 'node-fetch';
import { describe, expect, it } from 'vitest';
import { ReadableStream as StreamPolyfill } from 'web-streams-polyfill';
import { type ApiClient, ConfigurationError, type Fetch, type UploadSource } from '../../src/index.js';
import { tokenFor } from '../support/sandbox.js';
import { apiAt, rejection, servedForTest } from '../support/scripted-server.js';

// Sources from libraries that replace platform objects, and node-fetch as the `fetch` option.

const content = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 31 + (i >> 8) * 17) & 0xff);

/** Calls with a value that does not compile. */
function untyped(value: unknown): UploadSource {
  return value as UploadSource;
}

async function client(options: { fetch?: Fetch } = {}): Promise<ApiClient> {
  const { url, sandbox } = await servedForTest();
  return apiAt(url, { token: await tokenFor(sandbox, 'alice', undefined, url), ...options });
}

const jsdom = new JSDOM('', { runScripts: 'outside-only' }).window;
const happy = new Window();

function polyfill(): StreamPolyfill<Uint8Array> {
  return new StreamPolyfill({
    start(controller) {
      controller.enqueue(content);
      controller.close();
    },
  });
}

describe('an upload accepts', () => {
  it.each<[string, () => unknown]>([
    ['a Blob of jsdom', () => new jsdom.Blob([content])],
    ['a File of jsdom', () => new jsdom.File([content], 'a.bin')],
    ['a typed array of jsdom', () => new jsdom.Uint8Array(content)],
    ['a Blob of happy-dom', () => new happy.Blob([content])],
    ['a File of happy-dom', () => new happy.File([content], 'a.bin')],
    ['a Response of happy-dom', () => new happy.Response(content)],
    ['a Blob of fetch-blob', () => new FetchBlob([content])],
    ['a File of fetch-blob', () => new FetchFile([content], 'a.bin')],
    ['a Blob of formdata-node', () => new FormDataBlob([content])],
    ['a File of formdata-node', () => new FormDataFile([content], 'a.bin')],
    ['a stream of web-streams-polyfill', polyfill],
    ['a stream of web-streams-polyfill with its size', () => ({ stream: polyfill(), size: content.length })],
  ])('%s', async (_, make) => {
    const api = await client();
    const source = make();
    const { id } = await api.files.upload(untyped(source));
    expect(Buffer.compare(await (await api.files.download(id)).bytes(), content)).toBe(0);
    const named = typeof source === 'object' && source !== null && 'name' in source;
    expect((await api.files.get(id)).name).toBe(named ? 'a' : 'untitled');
  });

  it('a Response of node-fetch', async () => {
    const api = await client();
    const { id } = await api.files.upload(new Blob([content]), { name: 'a.bin' });
    const response = await nodeFetch(api.files.url(id));
    const copy = await api.files.upload(untyped(response));
    expect(Buffer.compare(await (await api.files.download(copy.id)).bytes(), content)).toBe(0);
  });
});

describe('an upload refuses', () => {
  const read = async () => {
    const stream = polyfill();
    await stream.cancel();
    return stream;
  };
  const locked = () => {
    const stream = polyfill();
    stream.getReader();
    return stream;
  };
  it.each<[string, () => unknown, RegExp]>([
    ['a stream of a polyfill that was cancelled', read, /already been read/],
    ['a stream of a polyfill that is being read', locked, /being read/],
    ['a form of formdata-node', () => new FormDataOfNode(), /is a form/],
    ['a form of jsdom', () => new jsdom.FormData(), /is a form/],
  ])('%s', async (_, make, message) => {
    const api = await client();
    const error = await rejection(api.files.upload(untyped(await make())), ConfigurationError);
    expect(error.message).toMatch(message);
    expect(await api.files.list()).toEqual([]);
  });
});

it('downloads through node-fetch, whose bodies are streams of Node, and refuses to upload through it', async () => {
  const { url, sandbox } = await servedForTest();
  const token = await tokenFor(sandbox, 'alice', undefined, url);
  const { id } = await apiAt(url, { token }).files.upload(new Blob([content]));
  const api = apiAt(url, { token, fetch: nodeFetch as unknown as Fetch });
  expect(Buffer.compare(await (await api.files.download(id)).bytes(), content)).toBe(0);
  await (await api.files.download(id)).body?.cancel();
  const error = await rejection(api.files.upload(new Blob([content])), ConfigurationError);
  expect(error.message).toMatch(/^`fetch` cannot send a ReadableStream/);
  expect(await apiAt(url, { token }).files.list()).toHaveLength(1);
});
