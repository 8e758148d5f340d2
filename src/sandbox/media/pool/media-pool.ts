import { availableParallelism } from 'node:os';
import { RefusedArchive } from '../archives/refused-archive.js';
import { JobLimitExceeded } from '../job-limit-exceeded.js';
import type { MediaWork } from '../media-work.js';
import { hasMeta } from '../meta.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import type { Result } from './messages.js';
import { filesOf, pieceChannel } from './pieces.js';
import { JobError, startThread, type ThreadJob, type WorkerThread } from './worker-thread.js';

/** The limits of a job: times in milliseconds, memory in megabytes. */
export interface PoolLimits {
  meta: number;
  renditions: number;
  /** The time between two batches of unpacked bytes. */
  unzip: number;
  /** How long an idle thread is kept. */
  idle: number;
  /** The JavaScript heap of a thread. */
  heapMb: number;
}

const defaults: PoolLimits = { meta: 20_000, renditions: 60_000, unzip: 60_000, idle: 10_000, heapMb: 512 };

/** Runs media jobs in worker threads of Node. The threads start on demand and end when they are idle. */
export function mediaPool(limits: Partial<PoolLimits> = {}): MediaWork {
  const { idle: idleTime, heapMb, ...times } = { ...defaults, ...limits };
  const threads = new Set<WorkerThread>();
  const idle = new Map<WorkerThread, NodeJS.Timeout>();
  let closed = false;

  // each kind of job has a queue of its own, so that an upload does not wait until a large image is decoded
  const queues = {
    meta: limitConcurrency(2),
    renditions: limitConcurrency(availableParallelism() >= 4 ? 2 : 1), // a decoded image takes up to 100 MB
    unzip: limitConcurrency(1),
  };

  function takeThread(): WorkerThread {
    const [[thread, timer] = []] = idle;
    if (!thread) {
      const started = startThread(heapMb);
      threads.add(started);
      return started;
    }
    clearTimeout(timer);
    idle.delete(thread);
    return thread;
  }

  function giveBack(thread: WorkerThread): void {
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
      if (closed) throw new Error('the sandbox was closed');
      const thread = takeThread();
      try {
        return await thread.run({ ...job, limit: times[name] });
      } catch (error) {
        throw closed ? new Error('the sandbox was closed') : error;
      } finally {
        giveBack(thread);
      }
    });
  }

  return {
    async readMeta(type, mediaType, bytes) {
      if (!hasMeta(type, mediaType)) return {}; // saves a message to a thread for most files
      try {
        const result = await run({ task: { name: 'meta', type, mediaType }, bytes });
        return result instanceof Map ? {} : { ...result };
      } catch (error) {
        if (error instanceof JobLimitExceeded) throw new UnreadableMedia('reading it takes too much time or memory');
        throw error instanceof JobError && error.name === 'UnreadableMedia'
          ? new UnreadableMedia(error.message)
          : error;
      }
    },
    async makeRenditions(recipe, type, bytes) {
      const result = await run({ task: { name: 'renditions', recipe, type }, bytes });
      return result instanceof Map ? result : new Map();
    },
    async *unzip(bytes, limits) {
      const { put, finish, pieces } = pieceChannel();
      const unpacked = run({ task: { name: 'unzip', limits }, bytes, onPieces: put }).then(
        () => finish(),
        (error: unknown) => finish(asRefusal(error)),
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

function asRefusal(error: unknown): unknown {
  if (error instanceof JobLimitExceeded) return new RefusedArchive('unpacking it takes too much time or memory');
  return error instanceof JobError && error.name === 'RefusedArchive' ? new RefusedArchive(error.message) : error;
}

/** Runs at most `limit` functions at a time, in the order of the calls. */
function limitConcurrency(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
