import { parse as parseDisposition } from 'content-disposition';
import { make, type PartInfo } from 'multipasta';
import { parseUrl } from '../../protocol/urls.js';
import { bodyReader } from '../core/body.js';
import { Failure } from '../core/failure.js';
import { failureFromError } from '../core/failure-from-error.js';
import type { Quota } from '../core/quota.js';
import type { BlobWriter, Store } from '../store/store.js';
import { delimiterGuard } from './delimiter-guard.js';
import { dropBlobs } from './drop-blobs.js';
import { cleanFileName } from './file-name.js';

/** A file that was received. The store has its content under its id. */
export interface ReceivedFile {
  /** The name of the form field. */
  field: string;
  id: string;
  fileName: string;
  type: string | undefined;
  /** The number of bytes in the store. */
  size: number;
  /** Why the file was left out. It is not in the store. */
  refusal?: string;
}

export interface Received {
  files: ReceivedFile[];
  /** The text fields, in the order of the form. */
  fields: URLSearchParams;
}

export interface Reception {
  /**
   * Returns the quota in which the bytes are reserved as they arrive. Called with the fields that precede the first file, before
   * any of its bytes are stored. If there is no file, it is not called.
   */
  quotaFor(fields: URLSearchParams): Promise<Quota>;
  /** Whether a file that exceeds the quota is left out. Otherwise the upload fails. */
  leaveOutLargeFiles?: boolean;
}

type Event =
  | { kind: 'field'; name: string; value: string }
  | { kind: 'file'; field: string; fileName: string; type: string | undefined }
  | { kind: 'chunk'; chunk: Uint8Array }
  | { kind: 'end' };

const maxParts = 1_000;
const maxFieldBytes = 64 * 1024;
const maxAllFieldsBytes = 1024 * 1024;

// wire document section 7, choice 17
/**
 * Streams the files in a multipart body into the store. Accepts file parts with any name. If it fails, no file is stored. The part
 * of an empty file input, which has no name and no content, is not a file.
 */
export async function receive(
  store: Store,
  request: Request,
  { quotaFor, leaveOutLargeFiles = false }: Reception,
): Promise<Received> {
  const files: ReceivedFile[] = [];
  const fields = new URLSearchParams();
  let fieldBytes = 0;
  let quota: Quota | undefined;
  let writer: BlobWriter | undefined;
  let isUnnamed = false; // the last file has no name

  const contentType = request.headers.get('content-type') ?? '';
  const wholeDelimiters = delimiterGuard(contentType);
  const events: Event[] = [];
  let finished = false;
  let problem: Failure | undefined;
  const parser = make({
    headers: { 'content-type': contentType },
    maxParts,
    maxFieldSize: maxFieldBytes,
    isFile: (info) => dispositionOf(info)?.filename !== undefined,
    onField(info, value) {
      const name = dispositionOf(info)?.name ?? '';
      fieldBytes += name.length + value.byteLength;
      if (fieldBytes > maxAllFieldsBytes)
        problem ??= new Failure(413, `the text fields have more than ${maxAllFieldsBytes} bytes`);
      else events.push({ kind: 'field', name, value: new TextDecoder().decode(value) });
    },
    onFile(info) {
      const type = info.headers['content-type'];
      events.push({
        kind: 'file',
        field: dispositionOf(info)?.name ?? '',
        fileName: dispositionOf(info)?.filename ?? '',
        type: typeof type === 'string' ? type : undefined,
      });
      return (chunk) => events.push(chunk === null ? { kind: 'end' } : { kind: 'chunk', chunk });
    },
    onError(error) {
      problem ??=
        error._tag === 'ReachedLimit'
          ? new Failure(
              413,
              `an upload can have at most ${maxParts} parts, and a text field at most ${maxFieldBytes} bytes`,
            )
          : new Failure(400, 'the body is not valid multipart/form-data');
    },
    onDone() {
      finished = true;
    },
  });

  /** multipasta 0.2.8 throws if the first part has no headers, or if a name cannot be decoded. */
  function parse(step: () => void): void {
    try {
      step();
    } catch {
      throw new Failure(400, 'a part of the body has malformed headers');
    }
  }

  /** The parser is synchronous. Its events are stored before it receives the next chunk, so that memory use is bounded. */
  async function storeEvents() {
    if (problem) throw problem;
    for (const event of events.splice(0)) {
      if (event.kind === 'field') {
        fields.append(event.name, event.value);
        continue;
      }
      if (event.kind === 'file') {
        quota ??= await quotaFor(fields);
        const id = crypto.randomUUID();
        writer = await store.writeBlob(id);
        const { field, fileName, type } = event;
        files.push({ field, id, fileName: cleanFileName(fileName), type, size: 0 });
        isUnnamed = fileName === '';
        continue;
      }
      const file = files.at(-1);
      if (!writer || !file) continue; // the preamble before the first part, or the rest of a refused file
      if (event.kind === 'chunk') await append(file, writer, event.chunk);
      else if (isUnnamed && file.size === 0) {
        files.pop();
        await writer.discard();
      } else await writer.finish();
      if (event.kind === 'end') writer = undefined;
    }
  }

  async function append(file: ReceivedFile, target: BlobWriter, chunk: Uint8Array): Promise<void> {
    try {
      quota?.reserve(chunk.byteLength);
    } catch (error) {
      if (!leaveOutLargeFiles || !(error instanceof Failure)) throw error;
      quota?.release(file.size);
      file.size = 0;
      file.refusal = error.detail ?? error.message;
      writer = undefined;
      await target.discard();
      return;
    }
    file.size += chunk.byteLength;
    await target.write(chunk);
  }

  const reader = await bodyReader(request);
  try {
    while (reader && !problem) {
      const { done, value } = await reader.read().catch(() => {
        throw new Failure(400, 'the body was cut off');
      });
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
    for (const { size } of files) quota?.release(size);
    await dropBlobs(
      store,
      files.map(({ id }) => id),
    );
    throw error;
  }
}

// wire document section 6.9
/** Fetches a file from a URL. The Chrome extension of doctape used this. */
export async function receiveFrom(store: Store, source: string, quota: Quota): Promise<ReceivedFile> {
  const url = parseUrl(source);
  if (!url || !/^https?:$/.test(url.protocol)) throw new Failure(400, 'url must be an http or https URL');
  const response = await fetch(url).catch(() => undefined);
  if (!response?.ok) throw new Failure(400, 'url could not be fetched');
  const file = {
    field: 'url',
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
    throw error instanceof Error && failureFromError(error) ? error : new Failure(400, 'url could not be fetched');
  }
}

/** A quote with a backslash that does not end a parameter. */
const escapedQuote = /\\"(?!\s*(?:;|$))/;

/**
 * Parses the Content-Disposition of a part. multipasta decodes this header as Latin-1, but browsers send UTF-8. A quote in a name is `%22`,
 * and a backslash is itself. curl before 7.81 and Firefox before 90 sent `\"`.
 */
function dispositionOf(info: PartInfo): { name?: string; filename?: string } | undefined {
  const header = info.headers['content-disposition'];
  if (typeof header !== 'string') return undefined;
  return parseDisposition(header, { multipart: !escapedQuote.test(header) }).parameters;
}
