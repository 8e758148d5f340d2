import { Worker } from 'node:worker_threads';
import { JobLimitExceeded } from '../job-limit-exceeded.js';
import { type Bytes, readPart } from '../reading/bytes.js';
import type { FromWorker, Piece, Result, Task, ToWorker } from './messages.js';

/** A job for a thread. */
export interface ThreadJob {
  task: Task;
  bytes: Bytes;
  /** Milliseconds of work. The time in which the thread waits for the reader of the pieces does not count. */
  limit: number;
  /** Receives unpacked pieces. Resolves with `true` to continue, with `false` to stop unpacking. */
  onPieces?(pieces: Piece[]): Promise<boolean>;
}

export interface WorkerThread {
  /**
   * Runs a job. A thread runs one job at a time.
   * @throws JobLimitExceeded if the job exceeds its limits. The thread is terminated.
   * @throws JobError if the job throws, with the name and message of its error
   */
  run(job: ThreadJob): Promise<Result>;
  hasEnded(): boolean;
  end(): Promise<void>;
}

/** The name and message of an error that a job threw in its thread. */
export class JobError extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** The first bytes of the file are sent with the job: enough for a small file, or for the header and EXIF data of an image. */
const headBytes = 256 * 1024;

interface RunningJob extends ThreadJob {
  number: number;
  timer: NodeJS.Timeout | undefined;
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** Prints the reason, because without threads every upload of an image fails. */
function startFailure({ code = 'unknown reason' }: NodeJS.ErrnoException): Error {
  const remedy =
    'if you bundle doctape-sdk/serve, mark doctape-sdk as external, so that media-worker.js is in the same folder';
  console.error(`doctape sandbox: the worker thread for media files cannot start (${code}): ${remedy}`);
  return new Error('the worker thread for media files cannot start');
}

/**
 * @param heapMb the limit of the JavaScript heap. Decoded pixels are outside of the heap and have a limit of their own.
 * @param peers the names of the optional packages that were found
 */
export function startThread(heapMb: number, peers: readonly string[]): WorkerThread {
  const worker = new Worker(new URL('./media-worker.js', import.meta.url), {
    // without the second limit, a thread collects 200 MB of garbage before it frees any
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 8 },
    name: 'doctape sandbox media',
    workerData: { peers },
    stdout: true, // libheif prints what is wrong with a file
  });
  worker.stdout.resume();
  worker.unref(); // the server keeps the process alive
  let ended = false;
  let running: RunningJob | undefined;
  let lastJob = 0;
  const started = new Promise<void>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', (error: NodeJS.ErrnoException) => reject(startFailure(error)));
    worker.once('exit', () => reject(new Error('the worker thread for media files exited before it was ready')));
  });
  started.catch(() => {}); // each job awaits `started` and rejects

  const post = (message: ToWorker, transfer: ArrayBuffer[] = []) => worker.postMessage(message, transfer);

  function settle(act: (job: RunningJob) => void): void {
    const job = running;
    running = undefined;
    clearTimeout(job?.timer);
    if (job) act(job);
  }

  function startClock(job: RunningJob): void {
    clearTimeout(job.timer);
    job.timer = setTimeout(() => {
      settle(({ reject }) => reject(new JobLimitExceeded(`the job took longer than ${job.limit} ms`)));
      void end(); // a busy thread cannot be stopped in any other way
    }, job.limit);
    job.timer.unref();
  }

  async function serveRead(job: RunningJob, { read, start, length }: Extract<FromWorker, { kind: 'read' }>) {
    const bytes = await readPart(job.bytes, start, length).catch(() => undefined); // `job.bytes` keeps the error of the store
    if (running === job) post({ kind: 'bytes', job: job.number, read, bytes }, bytes ? [bytes.buffer] : []);
  }

  async function deliverPieces(job: RunningJob, pieces: Piece[]) {
    clearTimeout(job.timer);
    const wanted = (await job.onPieces?.(pieces)) ?? false;
    if (running !== job) return;
    startClock(job);
    post({ kind: 'continue', job: job.number, wanted });
  }

  worker.on('message', (message: FromWorker) => {
    const job = running;
    if (message.kind === 'ready' || job?.number !== message.job) return; // the message belongs to a job that has ended
    if (message.kind === 'read') void serveRead(job, message);
    else if (message.kind === 'unpacked') void deliverPieces(job, message.pieces);
    else if (message.kind === 'done') settle(({ resolve }) => resolve(message.result));
    else settle(({ reject }) => reject(new JobError(message.name, message.message)));
  });
  const onEnd = () => {
    ended = true;
    settle(({ reject }) => reject(new JobLimitExceeded('the worker thread ran out of memory')));
  };
  worker.on('error', onEnd);
  worker.on('exit', onEnd);

  async function end(): Promise<void> {
    ended = true;
    await worker.terminate();
  }

  return {
    async run(job) {
      const head = await readPart(job.bytes, 0, headBytes);
      await started;
      return new Promise((resolve, reject) => {
        running = { ...job, number: ++lastJob, timer: undefined, resolve, reject };
        post({ kind: 'job', job: lastJob, task: job.task, size: job.bytes.size, head }, [head.buffer]);
        startClock(running);
      });
    },
    hasEnded: () => ended,
    end,
  };
}
