import { parentPort, workerData } from 'node:worker_threads';
import { crc32, inflateRawSync } from 'node:zlib';
import { type Inflater, unzip } from '../archives/unzip.js';
import { drawAvatar } from '../avatar.js';
import { describe } from '../describe.js';
import type { ImagePeers } from '../images/image-peers.js';
import { chunksOf } from '../reading/bytes.js';
import { makeRenditions } from '../rendition.js';
import type { FromWorker, Piece, Result, ToWorker } from './messages.js';
import { loadPeers } from './peers.js';
import { type RequestBytes, readAhead, remoteBytes } from './remote-bytes.js';

// The script of a worker thread. It runs the jobs that the pool sends, one at a time.

/** Unpacked bytes are collected up to this size and sent as one batch. */
const batchBytes = 512 * 1024;

const inflater: Inflater = {
  inflate: (packed, size) => new Uint8Array(inflateRawSync(packed, { maxOutputLength: Math.max(1, size) })),
  crc32,
};

const port = parentPort;
if (!port) throw new Error('media-worker.js is a script for worker threads');

/** The pending reads of the current job, by number. */
const reads = new Map<number, (bytes: Uint8Array<ArrayBuffer> | undefined) => void>();
let current = 0;
let lastRead = 0;
let peers: ImagePeers | undefined;
let onContinue: ((wanted: boolean) => void) | undefined;

function send(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer);
}

async function run({ job, task, size, head }: Extract<ToWorker, { kind: 'job' }>): Promise<Result> {
  const requestBytes: RequestBytes = (start, length) =>
    new Promise((resolve, reject) => {
      const read = ++lastRead;
      reads.set(read, (bytes) => (bytes ? resolve(bytes) : reject(new Error('the store cannot read the file'))));
      send({ kind: 'read', job, read, start, length });
    });
  const bytes = remoteBytes(size, head, requestBytes);
  switch (task.name) {
    case 'describe':
      return describe(task.names, bytes);
    case 'renditions':
      peers ??= loadPeers(workerData.peers);
      return makeRenditions(task.recipe, task.type, bytes, peers);
    case 'avatar':
      return drawAvatar(task.seed, task.size);
    case 'unzip':
      return unpack(job, unzip(readAhead(bytes), task.limits, inflater));
  }
}

/** Sends the files of an archive in batches. Each batch waits until the previous one was read. */
async function unpack(job: number, files: ReturnType<typeof unzip>): Promise<undefined> {
  let pieces: Piece[] = [];
  let collected = 0;
  const flush = async (): Promise<boolean> => {
    const taken = new Promise<boolean>((resolve) => {
      onContinue = resolve;
    });
    const buffers = pieces.flatMap((piece) => (piece.kind === 'chunk' ? [piece.chunk.buffer] : []));
    send({ kind: 'unpacked', job, pieces }, [...new Set(buffers)]);
    pieces = [];
    collected = 0;
    return taken;
  };
  for await (const { name, size, stream } of files) {
    pieces.push({ kind: 'file', name, size });
    collected += 100; // counts the entry too, so that a batch cannot have any number of empty files
    for await (const chunk of chunksOf(stream)) {
      const own = chunk.byteLength === chunk.buffer.byteLength ? chunk : chunk.slice();
      pieces.push({ kind: 'chunk', chunk: own });
      collected += own.byteLength;
      if (collected >= batchBytes && !(await flush())) return undefined;
    }
    if (collected >= batchBytes && !(await flush())) return undefined;
  }
  if (pieces.length > 0) await flush();
  return undefined;
}

async function start(message: Extract<ToWorker, { kind: 'job' }>): Promise<void> {
  const { job } = message;
  current = job;
  try {
    const result = await run(message);
    const buffers =
      result instanceof Map
        ? [...result.values()].flatMap((made) => (typeof made === 'object' ? [made.bytes.buffer] : []))
        : [];
    send({ kind: 'done', job, result }, buffers);
  } catch (error) {
    const { name, message: text } = error instanceof Error ? error : new Error(String(error));
    send({ kind: 'failed', job, name, message: text });
  } finally {
    reads.clear();
  }
}

port.on('message', (message: ToWorker) => {
  if (message.kind === 'job')
    void start(message); // sends a message if the job fails
  else if (message.job !== current) return;
  else if (message.kind === 'continue') onContinue?.(message.wanted);
  else {
    reads.get(message.read)?.(message.bytes);
    reads.delete(message.read);
  }
});
send({ kind: 'ready' });
