import { platform } from './platform.js';

/** Whether a body arrives in another form than its lengths and ranges count: `fetch` unpacks what is compressed. */
export function isEncoded(headers: Headers): boolean {
  return codingsOf(headers).length > 0;
}

/** In the order in which they were applied. */
function codingsOf(headers: Headers): string[] {
  const codings = (headers.get('content-encoding') ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  return codings.filter((coding) => coding !== '' && coding !== 'identity');
}

const formats: Record<string, string> = { gzip: 'gzip', 'x-gzip': 'gzip', deflate: 'deflate', br: 'brotli' };

/** The body unpacked. Deno leaves that to whoever asks for a range or a coding; the others do it always. */
export function unpacked({ headers, body }: Response): ReadableStream<Uint8Array> | null {
  const codings = codingsOf(headers);
  if (platform() !== 'deno' || codings.some((coding) => !(coding in formats))) return body;
  let unpacked: ReadableStream<Uint8Array<ArrayBuffer>> | null = body;
  for (const coding of codings.reverse()) {
    unpacked = unpacked?.pipeThrough(new DecompressionStream(formats[coding] as CompressionFormat)) ?? null;
  }
  return unpacked;
}
