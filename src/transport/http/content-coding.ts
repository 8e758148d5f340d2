import { bodyOf } from './body.js';
import { platform } from './platform.js';

/** Whether a body arrives in another form than its lengths and ranges count: `fetch` unpacks what is compressed. */
export function isEncoded(headers: Headers): boolean {
  return codingsOf(headers).length > 0;
}

function codingsOf(headers: Headers): string[] {
  const codings = (headers.get('content-encoding') ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  return codings.filter((coding) => coding !== '' && coding !== 'identity');
}

// no plain object: a server may send `constructor`
const formats = new Map([
  ['gzip', 'gzip'],
  ['x-gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br', 'brotli'],
]);

/** Whether every runtime, or we for it, can unpack it. Browsers can whatever they take. */
export function isUnpackable(headers: Headers): boolean {
  const [coding, ...more] = codingsOf(headers);
  return platform() === 'browser' || coding === undefined || (formats.has(coding) && more.length === 0);
}

/** The body unpacked. Deno leaves that to whoever asks for a range or a coding; the others do it always. */
export function unpacked(response: Response): ReadableStream<Uint8Array> | null {
  const body = bodyOf(response);
  const [coding = ''] = codingsOf(response.headers);
  const format = formats.get(coding);
  if (platform() !== 'deno' || format === undefined) return body;
  return body?.pipeThrough(new DecompressionStream(format as CompressionFormat)) ?? null;
}
