import { Worker } from 'node:worker_threads';
import { type Bytes, readPart } from '../reading/bytes.js';
import { TooMuchWork } from '../too-much-work.js';
import type { FromWorker, Piece, Result, Task, ToWorker } from './messages.js';

/** A job for a thread. */
export interface ThreadJob {
  task: Task;
  bytes: Bytes;
  /** Milliseconds of work. The time in which the thread waits for pieces to be taken does not count. */
  limit: number;
  /** Takes pieces of an archive, and resolves when more are wanted, or with `false` when none are. */
  onPieces?(pieces: Piece[]): Promise<boolean>;
}

export interface WorkerThread {
  /**
   * Does a job. A thread does one at a time.
   * @throws TooMuchWork when the job exceeds its limits; the thread has ended then
   * @throws JobFailed with what the job itself threw
   */
  run(job: ThreadJob): Promise<Result>;
  hasEnded(): boolean;
  end(): Promise<void>;
}

/** What a job threw in its thread, by name. */
export class JobFailed extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** Sent along with a job: all of a small file, and of a picture where its size and EXIF data are. */
const headBytes = 256 * 1024;

interface RunningJob extends ThreadJob {
  number: number;
  timer: NodeJS.Timeout | undefined;
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** @param heapMb what the thread may use for objects. Pixels are outside of it, and have a limit of their own */
export function startThread(heapMb: number): WorkerThread {
  const worker = new Worker(new URL('./media-worker.js', import.meta.url), {
    // without the second limit, a thread lets 200 MB of garbage collect before it tidies up
    resourceLimits: { maxOldGenerationSizeMb: heapMb, maxYoungGenerationSizeMb: 8 },
    name: 'doctape sandbox media',
  });
  worker.unref(); // the server keeps the process alive
  let ended = false;
  let running: RunningJob | undefined;
  let lastJob = 0;
  const started = new Promise<void>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', () => reject(new Error('the thread for media files cannot start')));
    worker.once('exit', () => reject(new Error('the thread for media files was ended')));
  });
  started.catch(() => {}); // every job waits for it

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
      settle(({ reject }) => reject(new TooMuchWork(`the job took longer than ${job.limit} ms`)));
      void end(); // nothing else stops a thread that is busy
    }, job.limit);
    job.timer.unref();
  }

  async function answerRead(job: RunningJob, { read, start, length }: Extract<FromWorker, { kind: 'read' }>) {
    const bytes = await readPart(job.bytes, start, length).catch(() => undefined); // `job.bytes` remembers why
    if (running === job) post({ kind: 'bytes', job: job.number, read, bytes }, bytes ? [bytes.buffer] : []);
  }

  async function handOver(job: RunningJob, pieces: Piece[]) {
    clearTimeout(job.timer);
    const wanted = (await job.onPieces?.(pieces)) ?? false;
    if (running !== job) return;
    startClock(job);
    post({ kind: 'more', job: job.number, wanted });
  }

  worker.on('message', (message: FromWorker) => {
    const job = running;
    if (message.kind === 'ready' || job?.number !== message.job) return; // of a job that is over
    if (message.kind === 'read') void answerRead(job, message);
    else if (message.kind === 'unpacked') void handOver(job, message.pieces);
    else if (message.kind === 'done') settle(({ resolve }) => resolve(message.result));
    else settle(({ reject }) => reject(new JobFailed(message.name, message.message)));
  });
  const onEnd = () => {
    ended = true;
    settle(({ reject }) => reject(new TooMuchWork('the thread ended: it had no memory left')));
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
