import type { SandboxContext } from '../core/context.js';
import { withUserLock } from '../core/with-user-lock.js';
import { TooManyJobs } from '../media/job-queue.js';
import { type FileRecord, type FileReference, keyOf } from '../store/records.js';
import { renditionBlob } from '../store/rendition-blobs.js';
import type { Change } from '../store/store.js';
import { ConversionFailed, type Converter } from './converter.js';
import { fairQueue } from './fair-queue.js';
import { planOf } from './plan.js';

/**
 * Converts files in the background, one at a time.
 *
 * A file is `processing` exactly as long as the store has a record of its conversion. Both change in the same commit, so that a
 * sandbox that was killed continues where it was.
 */
export interface Conversions {
  /** Whether a file has to be converted. */
  isNeeded(file: FileRecord): boolean;
  /** The change that records the conversion of a new file. Commit it together with the file. */
  recordOf(file: FileRecord): Change;
  /** @throws {TooManyJobs} if so many more files cannot wait */
  checkRoom(files: number): void;
  /** Converts a file when it is its turn. Call it when the record is committed. */
  add(file: FileReference): void;
  /** Ends the conversion of a file that was deleted. */
  cancel(id: string): void;
  /** Continues with the files that are `processing`. */
  resume(): Promise<void>;
  /** Forgets all files. */
  clear(): void;
  /** Ends the running conversion, which is resumed at the next start. */
  close(): Promise<void>;
}

const maxWaiting = 10_000; // the number of files in the largest archive that is extracted

/** A file that ends the sandbox each time that it is converted must not keep it from starting. */
const maxAttempts = 3;

/** @param converter undefined if nothing is converted */
export function createConversions(context: SandboxContext, converter: Converter | undefined): Conversions {
  const { store } = context;
  const programs = converter?.programs ?? new Set();
  const queue = fairQueue<FileReference>();
  let running: { id: string; controller: AbortController; done: Promise<void> } | undefined;
  let isClosed = false;

  function startNext(): void {
    if (running || isClosed) return;
    const next = queue.take();
    if (!next) return;
    const controller = new AbortController();
    const done = convert(next, controller.signal)
      .catch((error: unknown) => {
        const name = error instanceof Error ? error.name : 'an error';
        // the record is still there, so that it is tried again at the next start
        if (!isClosed) console.error(`doctape sandbox: the conversion of ${next.id} could not be stored (${name})`);
      })
      .finally(() => {
        running = undefined;
        startNext();
      });
    running = { id: next.id, controller, done };
  }

  async function convert(reference: FileReference, signal: AbortSignal): Promise<void> {
    const { owner, id } = reference;
    const [file, record] = await Promise.all([store.get('files', keyOf(owner, id)), store.get('conversions', id)]);
    if (!file || !record) return; // the file was deleted
    const plan = planOf(file, programs);
    if (!plan || !converter) return settle(reference, 'ok');
    if (record.attempts >= maxAttempts) return settle(reference, 'failed');
    await countAttempts(reference, record.attempts + 1);
    try {
      const made = await converter.convert(file, plan, signal);
      await settle(reference, 'ok', made);
    } catch (error) {
      if (signal.aborted) {
        if (isClosed) await countAttempts(reference, record.attempts); // it was not the fault of the file
        return;
      }
      const reason = error instanceof ConversionFailed ? error.message : `an error of the sandbox (${nameOf(error)})`;
      console.warn(`doctape sandbox: ${id} was not converted: ${reason}`);
      await settle(reference, 'failed');
    }
  }

  function countAttempts({ owner, id }: FileReference, attempts: number): Promise<void> {
    return withUserLock(context, owner, async () => {
      if (!(await store.get('conversions', id))) return; // the file was deleted
      await store.commit([{ put: 'conversions', key: id, record: { owner, id, attempts } }]);
    });
  }

  /** Stores the result, or deletes it if the file was deleted. */
  function settle(
    { owner, id }: FileReference,
    status: 'ok' | 'failed',
    made: ReadonlyMap<string, number> = new Map(),
  ): Promise<void> {
    const blobs = [...made.keys()].map((name) => renditionBlob(id, name));
    return withUserLock(context, owner, async () => {
      const key = keyOf(owner, id);
      const file = await store.get('files', key);
      const stored =
        file?.processing_status === 'processing' &&
        (await store
          .commit([
            {
              put: 'files',
              key,
              record: {
                ...file,
                processing_status: status,
                ...(made.size > 0 && { renditions: Object.fromEntries(made) }),
              },
            },
            { delete: 'conversions', key: id },
            ...blobs.map((name) => ({ keep: name })),
          ])
          .catch(async (error: unknown) => {
            await drop(blobs);
            throw error;
          }));
      if (!stored) await drop(blobs);
    });
  }

  async function drop(blobs: readonly string[]): Promise<void> {
    if (blobs.length > 0) await store.commit(blobs.map((name) => ({ drop: name })));
  }

  return {
    isNeeded: (file) => planOf(file, programs) !== undefined,
    recordOf: ({ owner, id }) => ({ put: 'conversions', key: id, record: { owner, id, attempts: 0 } }),
    checkRoom(files) {
      if (files > 0 && queue.size + files > maxWaiting) throw new TooManyJobs('too many files are waiting');
    },
    add(file) {
      queue.add(file.owner, { owner: file.owner, id: file.id });
      startNext();
    },
    cancel(id) {
      if (running?.id === id) running.controller.abort();
    },
    async resume() {
      for await (const { owner, id } of store.list('conversions', '')) queue.add(owner, { owner, id });
      startNext();
    },
    clear() {
      queue.clear();
      running?.controller.abort();
    },
    async close() {
      isClosed = true;
      queue.clear();
      running?.controller.abort();
      await running?.done;
      await converter?.close();
    },
  };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown';
}
