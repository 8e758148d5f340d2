import { parse as parseDisposition } from 'content-disposition';
import { make, type PartInfo } from 'multipasta';
import { parseUrl } from '../../protocol/urls.js';
import { bodyReader } from '../core/body.js';
import { Failure } from '../core/failure.js';
import { failureOf } from '../core/failure-of.js';
import type { Quota } from '../core/quota.js';
import type { BlobWriter, Store } from '../store/store.js';
import { delimiterGuard } from './delimiter-guard.js';
import { dropBlobs } from './drop-blobs.js';
import { cleanFileName } from './file-name.js';

/** A file that has arrived whole and is in the store under its id. */
export interface ReceivedFile {
  id: string;
  fileName: string;
  type: string | undefined;
  size: number;
}

export interface Received {
  files: ReceivedFile[];
  fields: Map<string, string>;
}

type Event =
  | { kind: 'file'; fileName: string; type: string | undefined }
  | { kind: 'chunk'; chunk: Uint8Array }
  | { kind: 'end' };

const mostParts = 1_000;
const mostFieldBytes = 64 * 1024;
const mostDiscardedBytes = 256 * 1024 * 1024;
const longestPauseMs = 5_000;

/**
 * Streams a multipart body into the store. Any file part counts, whatever its name (wire document section 7, choice 17).
 * When it fails, nothing of it stays behind.
 * @param quota what the bytes are taken from as they arrive
 */
export async function receive(store: Store, request: Request, quota: Quota): Promise<Received> {
  const files: ReceivedFile[] = [];
  const fields = new Map<string, string>();
  let writer: BlobWriter | undefined;

  const contentType = request.headers.get('content-type') ?? '';
  const wholeDelimiters = delimiterGuard(contentType);
  const events: Event[] = [];
  let isRead = false;
  let finished = false;
  let problem: Failure | undefined;
  const parser = make({
    headers: { 'content-type': contentType },
    maxParts: mostParts,
    maxFieldSize: mostFieldBytes,
    isFile: (info) => dispositionOf(info)?.filename !== undefined,
    onField(info, value) {
      fields.set(dispositionOf(info)?.name ?? '', new TextDecoder().decode(value));
    },
    onFile(info) {
      const type = info.headers['content-type'];
      events.push({
        kind: 'file',
        fileName: dispositionOf(info)?.filename ?? '',
        type: typeof type === 'string' ? type : undefined,
      });
      return (chunk) => events.push(chunk === null ? { kind: 'end' } : { kind: 'chunk', chunk });
    },
    onError(error) {
      problem ??=
        error._tag === 'ReachedLimit'
          ? new Failure(413, `an upload has ${mostParts} parts at most, and a field of it ${mostFieldBytes} bytes`)
          : new Failure(400, 'the body is no multipart/form-data with a file');
    },
    onDone() {
      finished = true;
    },
  });

  /** multipasta 0.2.8 throws at a first part without headers, and at a name that cannot be decoded. */
  function parse(step: () => void): void {
    try {
      step();
    } catch {
      throw new Failure(400, 'a part has headers that cannot be read');
    }
  }

  /** The parser calls back at once; what it found is stored before it is given more, so that memory stays flat. */
  async function storeEvents() {
    if (problem) throw problem;
    for (const event of events.splice(0)) {
      if (event.kind === 'file') {
        const id = crypto.randomUUID();
        writer = await store.writeBlob(id);
        files.push({ id, fileName: cleanFileName(event.fileName), type: event.type, size: 0 });
        continue;
      }
      const file = files.at(-1);
      if (!writer || !file) continue; // what stands before the first part
      if (event.kind === 'chunk') {
        quota.reserve(event.chunk.byteLength);
        file.size += event.chunk.byteLength;
        await writer.write(event.chunk);
      } else {
        await writer.finish();
        writer = undefined;
      }
    }
  }

  const reader = await bodyReader(request);
  try {
    while (reader && !problem) {
      const { done, value } = await reader.read().catch(() => {
        isRead = true;
        throw new Failure(400, 'the body was cut off');
      });
      isRead = done;
      if (done) break;
      parse(() => parser.write(wholeDelimiters(value)));
      await storeEvents();
    }
    parse(() => {
      parser.write(wholeDelimiters());
      parser.end();
    });
    await storeEvents();
    if (!finished) throw new Failure(400, 'the body was cut off');
    return { files, fields };
  } catch (error) {
    await writer?.discard();
    for (const { size } of files) quota.release(size);
    await dropBlobs(store, files);
    const failure = error instanceof Error ? failureOf(error) : undefined;
    if (!failure || isRead || (await discardRest(reader))) throw error;
    throw new Failure(failure.status, failure.detail, { Connection: 'close' });
  }
}

/**
 * Reads the rest of a refused body and discards it. A server that closes the connection while the client is still sending makes
 * the client report a broken connection in place of the response, and the connection could not carry another request.
 *
 * @returns whether that was all of it. A very large rest is not waited for, and neither is a client that stalls
 */
async function discardRest(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<boolean> {
  let left = mostDiscardedBytes;
  try {
    while (left >= 0) {
      const chunk = await orStalled(reader?.read());
      if (chunk === 'stalled') return false;
      if (!chunk || chunk.done) return true;
      left -= chunk.value.byteLength;
    }
    return false;
  } catch {
    return true; // the client has gone, so nobody reads the response
  }
}

async function orStalled<T>(work: Promise<T> | undefined): Promise<T | undefined | 'stalled'> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stalled = new Promise<'stalled'>((resolve) => {
    timer = setTimeout(resolve, longestPauseMs, 'stalled');
  });
  try {
    return await Promise.race([work, stalled]);
  } finally {
    clearTimeout(timer);
  }
}

/** Fetches a file from an address, as the Chrome extension had doctape do (wire document section 6.9). */
export async function receiveFrom(store: Store, address: string, quota: Quota): Promise<ReceivedFile> {
  const url = parseUrl(address);
  if (!url || !/^https?:$/.test(url.protocol)) throw new Failure(400, 'url must be an http address');
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) throw new Failure(400, 'url could not be fetched');
  const file = {
    id: crypto.randomUUID(),
    fileName: cleanFileName(url.pathname),
    type: response.headers.get('content-type') ?? undefined,
    size: 0,
  };
  const writer = await store.writeBlob(file.id);
  try {
    const reader = response.body?.getReader();
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      quota.reserve(chunk.value.byteLength);
      file.size += chunk.value.byteLength;
      await writer.write(chunk.value);
    }
    await writer.finish();
    return file;
  } catch (error) {
    quota.release(file.size);
    await writer.discard();
    throw error instanceof Error && failureOf(error) ? error : new Failure(400, 'url could not be fetched');
  }
}

/** multipasta reads only Latin-1 in this header; browsers send UTF-8. */
function dispositionOf(info: PartInfo): { name?: string; filename?: string } | undefined {
  const header = info.headers['content-disposition'];
  return typeof header === 'string' ? parseDisposition(header, { multipart: true }).parameters : undefined;
}
