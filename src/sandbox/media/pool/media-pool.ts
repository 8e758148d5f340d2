import { availableParallelism } from 'node:os';
import { RefusedArchive } from '../archives/refused-archive.js';
import { describeText, describeUnreadable } from '../describe.js';
import { JobLimitExceeded } from '../job-limit-exceeded.js';
import { jobQueue, TooManyJobs } from '../job-queue.js';
import type { MediaWork } from '../media-work.js';
import { noBytes } from '../reading/bytes.js';
import type { Result } from './messages.js';
import { type Decoder, findDecoders } from './peers.js';
import { filesOf, pieceChannel } from './pieces.js';
import { JobError, startThread, type ThreadJob, type WorkerThread } from './worker-thread.js';

/** The limits of a job: times in milliseconds, memory in megabytes. */
export interface PoolLimits {
  describe: number;
  renditions: number;
  /** The time between two batches of unpacked bytes. */
  unzip: number;
  avatar: number;
  /** How many jobs of a kind can wait for a thread. */
  waiting: number;
  /** How long an idle thread is kept. */
  idle: number;
  /** The JavaScript heap of a thread. */
  heapMb: number;
}

const defaults: PoolLimits = {
  describe: 20_000,
  renditions: 60_000,
  unzip: 60_000,
  avatar: 20_000,
  waiting: 200,
  idle: 10_000,
  heapMb: 512,
};

export interface MediaPool extends MediaWork {
  /** Which optional packages are installed. Loads them. */
  decoders(): Decoder[];
}

/** Runs media jobs in worker threads of Node. The threads start on demand and end when they are idle. */
export function mediaPool(limits: Partial<PoolLimits> = {}): MediaPool {
  const { idle: idleTime, heapMb, waiting, ...times } = { ...defaults, ...limits };
  const threads = new Set<WorkerThread>();
  const idle = new Map<WorkerThread, NodeJS.Timeout>();
  let closed = false;
  let known: Decoder[] | undefined;

  function decoders(): Decoder[] {
    known ??= findDecoders();
    return known;
  }

  // each kind of job has a queue of its own, so that an upload does not wait until a large image is decoded
  const queues = {
    describe: jobQueue(2, waiting * 5), // they are quick, and a refused upload has to be sent again
    renditions: jobQueue(availableParallelism() >= 4 ? 2 : 1, waiting), // a decoded image takes up to 100 MB
    unzip: jobQueue(1, waiting),
    avatar: jobQueue(1, waiting),
  };

  function acquireThread(): WorkerThread {
    for (const [thread, timer] of idle) {
      clearTimeout(timer);
      idle.delete(thread);
      if (!thread.hasEnded()) return thread;
      threads.delete(thread); // it died while it was idle
    }
    const found = decoders().filter(({ status }) => status === 'found');
    const thread = startThread(
      heapMb,
      found.map(({ name }) => name),
    );
    threads.add(thread);
    return thread;
  }

  function releaseThread(thread: WorkerThread): void {
    if (thread.hasEnded()) {
      threads.delete(thread);
      return;
    }
    const timer = setTimeout(() => {
      idle.delete(thread);
      threads.delete(thread);
      void thread.end();
    }, idleTime);
    timer.unref();
    idle.set(thread, timer);
  }

  function run(job: Omit<ThreadJob, 'limit'>): Promise<Result> {
    const { name } = job.task;
    return queues[name](async () => {
      if (closed) throw new TooManyJobs('the sandbox was closed');
      const thread = acquireThread();
      try {
        return await thread.run({ ...job, limit: times[name] });
      } catch (error) {
        throw closed ? new TooManyJobs('the sandbox was closed') : error;
      } finally {
        releaseThread(thread);
      }
    });
  }

  return {
    decoders,
    async describe(names, bytes) {
      const text = await describeText(names, bytes); // saves a message to a thread for most files
      if (text) return text;
      try {
        const result = await run({ task: { name: 'describe', names }, bytes });
        return result && 'isReadable' in result ? result : describeUnreadable(names);
      } catch (error) {
        if (error instanceof JobLimitExceeded) return describeUnreadable(names);
        throw error;
      }
    },
    async makeRenditions(recipe, type, bytes) {
      const result = await run({ task: { name: 'renditions', recipe, type }, bytes });
      return result instanceof Map ? result : new Map();
    },
    async makeAvatar(seed, size) {
      const result = await run({ task: { name: 'avatar', seed, size }, bytes: noBytes });
      return result instanceof Map ? result : new Map();
    },
    async *unzip(bytes, limits) {
      const { put, finish, pieces } = pieceChannel();
      const unpacked = run({ task: { name: 'unzip', limits }, bytes, onPieces: put }).then(
        () => finish(),
        (error: unknown) => finish(archiveError(error)),
      );
      try {
        yield* filesOf(pieces);
      } finally {
        await pieces.cancel();
        await unpacked;
      }
    },
    async close() {
      closed = true;
      await Promise.all([...threads].map((thread) => thread.end()));
    },
  };
}

function archiveError(error: unknown): unknown {
  if (error instanceof JobLimitExceeded) return new RefusedArchive('unpacking it takes too much time or memory');
  return error instanceof JobError && error.name === 'RefusedArchive' ? new RefusedArchive(error.message) : error;
}
