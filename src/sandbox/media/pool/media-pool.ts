import { availableParallelism } from 'node:os';
import { RefusedArchive } from '../archives/refused-archive.js';
import type { MediaWork } from '../media-work.js';
import { hasMeta } from '../meta.js';
import { UnreadableMedia } from '../reading/unreadable-media.js';
import { TooMuchWork } from '../too-much-work.js';
import type { Result } from './messages.js';
import { filesOf, pieceChannel } from './pieces.js';
import { JobFailed, startThread, type ThreadJob, type WorkerThread } from './worker-thread.js';

/** What a job may take, in milliseconds and megabytes. */
export interface PoolLimits {
  meta: number;
  renditions: number;
  /** From one batch of unpacked bytes to the next. */
  unzip: number;
  /** How long a thread without work is kept. */
  idle: number;
  /** Memory for objects, per thread. */
  heapMb: number;
}

const defaults: PoolLimits = { meta: 20_000, renditions: 60_000, unzip: 60_000, idle: 10_000, heapMb: 512 };

/** Does the work in threads of Node, which start with the first job and end when there is nothing to do. */
export function mediaPool(limits: Partial<PoolLimits> = {}): MediaWork {
  const { idle: idleTime, heapMb, ...times } = { ...defaults, ...limits };
  const threads = new Set<WorkerThread>();
  const idle = new Map<WorkerThread, NodeJS.Timeout>();
  let closed = false;

  // kinds of work do not wait for each other: an upload is answered while a large picture is decoded
  const lanes = {
    meta: atMost(2),
    renditions: atMost(availableParallelism() >= 4 ? 2 : 1), // a decoded picture takes a hundred megabytes
    unzip: atMost(1),
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
    return lanes[name](async () => {
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
      if (!hasMeta(type, mediaType)) return {}; // most files: they are not worth a message
      try {
        const result = await run({ task: { name: 'meta', type, mediaType }, bytes });
        return result instanceof Map ? {} : { ...result };
      } catch (error) {
        if (error instanceof TooMuchWork) throw new UnreadableMedia('reading it takes too much time or memory');
        throw error instanceof JobFailed && error.name === 'UnreadableMedia'
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
  if (error instanceof TooMuchWork) return new RefusedArchive('unpacking it takes too much time or memory');
  return error instanceof JobFailed && error.name === 'RefusedArchive' ? new RefusedArchive(error.message) : error;
}

/** Lets so many pieces of work run at once; the others wait for their turn. */
function atMost(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = most;
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
