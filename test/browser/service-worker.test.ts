import { HttpResponse, http } from 'msw';
import { setupWorker } from 'msw/browser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ApiClient, type Progress, TransferError } from '../../src/index.js';
import { rejection } from './rejection.js';

// Browsers do not compare the body that a service worker returns with its Content-Length.

const content = 'ten bytes.';
const text = (from: number, to: number) => new Blob([content.slice(from, to)]).stream();
const cut = { 'content-length': `${content.length}` };
const other = 'https://api.example';

const worker = setupWorker(
  http.get('/v1/doc/cut/original', () => new HttpResponse(text(0, 4), { headers: cut })),
  http.get('/v1/doc/whole/original', () => new HttpResponse(text(0, 10), { headers: cut })),
  http.get('/v1/doc/resumable/original', ({ request }) => {
    const headers = { ...cut, etag: '"1"', 'accept-ranges': 'bytes' };
    const [, start] = /^bytes=(\d+)-$/.exec(request.headers.get('range') ?? '') ?? [];
    if (start === undefined) return new HttpResponse(text(0, 4), { headers });
    const rest = { ...headers, 'content-length': '6', 'content-range': `bytes ${start}-9/10` };
    return new HttpResponse(text(Number(start), 10), { status: 206, headers: rest });
  }),
  // the length of the compressed body, which the browser has decompressed
  http.get('/v1/doc/compressed/original', () => {
    return new HttpResponse(text(0, 10), { headers: { 'content-length': '3', 'content-encoding': 'gzip' } });
  }),
  http.get(`${other}/v1/doc/compressed/original`, () => {
    return new HttpResponse(text(0, 10), { headers: { 'content-length': '3' } });
  }),
);
beforeAll(async () => {
  await worker.start({ quiet: true, onUnhandledFrame: 'bypass' });
});
afterAll(() => worker.stop());

const clientAt = (origin: string) =>
  new ApiClient({ token: 'a-token', baseUrl: `${origin}/v1`, retry: { maxDelay: 1 } });
const api = clientAt(location.origin);

it('a download that a service worker ends early is truncated', async () => {
  const response = await api.files.download('cut');
  expect(await rejection(response.text(), TransferError)).toMatchObject({ code: 'truncated', bytes: 4 });
});

it('a download that a service worker ends early is resumed', async () => {
  expect(await (await api.files.download('resumable')).text()).toBe(content);
});

it('a response of a service worker that ends early is not uploaded', async () => {
  const source = await fetch('/v1/doc/cut/original');
  expect(await rejection(api.files.upload(source), TransferError)).toMatchObject({ code: 'truncated', bytes: 4 });
});

it('a download from the origin of the page reports its total', async () => {
  const reports: Progress[] = [];
  const response = await api.files.download('whole', 'original', { onProgress: (now) => reports.push(now) });
  expect(await response.text()).toBe(content);
  expect(reports.at(-1)).toEqual({ loaded: 10, total: 10, fraction: 1 });
});

it.each([location.origin, other])('a compressed download from %s is not truncated', async (origin) => {
  expect(await (await clientAt(origin).files.download('compressed')).text()).toBe(content);
});
