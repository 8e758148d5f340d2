import { StoreFullError } from '../../../../src/sandbox.ts';

// Promises for IndexedDB, as far as the store needs them.

/** Opens a database. */
export function openDatabase(
  name: string,
  version: number,
  upgrade: (database: IDBDatabase) => void,
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, version);
    request.onupgradeneeded = () => upgrade(request.result);
    request.onerror = () => reject(request.error);
    request.onsuccess = () => resolve(request.result);
  });
}

/** The result of a request. */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(toStoreError(request.error));
  });
}

/** Thrown by the work of a transaction to undo it. */
export class RolledBack extends Error {}

/**
 * Runs `work` in a transaction that is on the disk when the promise resolves. If `work` throws, nothing has changed.
 *
 * @returns false if `work` has thrown a {@link RolledBack}
 */
export async function transact(
  database: IDBDatabase,
  stores: readonly string[],
  work: (transaction: IDBTransaction) => Promise<void>,
): Promise<boolean> {
  const transaction = database.transaction(stores, 'readwrite', { durability: 'strict' });
  const completed = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(toStoreError(transaction.error));
  });
  completed.catch(() => {}); // if `work` throws, its error is the reason
  try {
    await work(transaction);
  } catch (error) {
    try {
      transaction.abort();
    } catch {
      // the browser has aborted it already
    }
    await completed.catch(() => {});
    if (error instanceof RolledBack) return false;
    throw error;
  }
  await completed;
  return true;
}

function toStoreError(error: DOMException | null): Error {
  if (error?.name === 'QuotaExceededError') return new StoreFullError('the browser has no more space for this site');
  return error ?? new Error('the transaction was aborted');
}
