import type { BlobRange, Change, Collection, Records, Store } from '../../../../src/sandbox.ts';
import { openDatabase, RolledBack, resultOf, transact } from './indexed-db.ts';

/** A record in the database. The position is its key, so that a list is in the order in which the records were first put. */
interface Row {
  position: number;
  collection: Collection;
  folder: string;
  name: string;
  json: string;
}

const recordStore = 'records';
/** The content of files, by the name of the blob. */
const blobStore = 'blobs';
/** The names of the blobs that no commit has kept. */
const temporaryStore = 'temporary';
const allStores = [recordStore, blobStore, temporaryStore];

/** The first page is small, because callers often stop after a few records. */
const pageSizes = { first: 20, most: 500 };
/** How many bytes of a blob are read at once. */
const pieceSize = 256 * 1024;

/** Creates a store in a database of the browser. What a commit has stored survives the end of the worker and of the browser. */
export function indexedDbStore(name: string): Store {
  let opening: Promise<IDBDatabase> | undefined;

  /** The open database. It is opened again if the browser has closed it, for example because the user cleared the site's data. */
  function database(): Promise<IDBDatabase> {
    opening ??= open(name).then(
      (opened) => {
        opened.onclose = forget;
        opened.onversionchange = () => {
          opened.close();
          forget();
        };
        return opened;
      },
      (error) => {
        forget();
        throw error;
      },
    );
    return opening;
  }

  function forget(): void {
    opening = undefined;
  }

  async function bytesNamed(blobName: string): Promise<ArrayBuffer> {
    const blobs = (await database()).transaction(blobStore).objectStore(blobStore);
    const bytes: ArrayBuffer | undefined = await resultOf(blobs.get(blobName));
    if (!bytes) throw new Error(`the store has no blob ${blobName}`);
    return bytes;
  }

  return {
    async get<C extends Collection>(collection: C, key: string): Promise<Records[C] | undefined> {
      const records = (await database()).transaction(recordStore).objectStore(recordStore);
      const row: Row | undefined = await resultOf(records.index('key').get([collection, ...split(key)]));
      return row && JSON.parse(row.json);
    },

    async *list<C extends Collection>(collection: C, folder: string): AsyncIterable<Records[C]> {
      let position = 0;
      for (let size = pageSizes.first; ; size = pageSizes.most) {
        const records = (await database()).transaction(recordStore).objectStore(recordStore);
        const range = IDBKeyRange.bound(
          [collection, folder, position],
          [collection, folder, Number.POSITIVE_INFINITY],
          true,
        );
        const rows: Row[] = await resultOf(records.index('order').getAll(range, size));
        for (const { json } of rows) yield JSON.parse(json);
        if (rows.length < size) return;
        position = rows.at(-1)?.position ?? position;
      }
    },

    async commit(changes) {
      // a record that is not JSON must fail before the transaction begins
      const steps = changes.map(stepOf);
      return transact(await database(), allStores, async (transaction) => {
        for (const step of steps) await step(transaction);
      });
    },

    async writeBlob(blobName) {
      await transact(await database(), allStores, async (transaction) => {
        const temporary = transaction.objectStore(temporaryStore);
        const [isWritten, isBegun] = await Promise.all([
          resultOf(transaction.objectStore(blobStore).getKey(blobName)),
          resultOf(temporary.getKey(blobName)),
        ]);
        if (isWritten !== undefined || isBegun !== undefined)
          throw new Error(`the store already has a blob ${blobName}`);
        await resultOf(temporary.put(true, blobName));
      });
      const chunks: Uint8Array<ArrayBuffer>[] = [];
      return {
        async write(chunk) {
          chunks.push(new Uint8Array(chunk));
        },
        async finish() {
          // not as a Blob, which WebKit does not store in private windows
          const bytes = await new Blob(chunks.splice(0)).arrayBuffer();
          await transact(await database(), allStores, async (transaction) => {
            await resultOf(transaction.objectStore(blobStore).put(bytes, blobName));
          });
        },
        async discard() {
          chunks.length = 0;
          await transact(await database(), allStores, dropBlob(blobName));
        },
      };
    },

    readBlob(blobName, { start, end }: BlobRange) {
      let bytes: ArrayBuffer | undefined;
      let at = start;
      return new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            bytes ??= await bytesNamed(blobName);
            const piece = bytes.slice(at, Math.min(at + pieceSize, end + 1));
            at += piece.byteLength;
            if (piece.byteLength === 0) controller.close();
            else controller.enqueue(new Uint8Array(piece));
          },
        },
        { highWaterMark: 0 },
      );
    },

    async clear() {
      await transact(await database(), allStores, async (transaction) => {
        const blobs = transaction.objectStore(blobStore);
        const [names, temporary] = await Promise.all([
          resultOf(blobs.getAllKeys()),
          resultOf(transaction.objectStore(temporaryStore).getAllKeys()),
          resultOf(transaction.objectStore(recordStore).clear()),
        ]);
        const kept = names.filter((one) => !temporary.includes(one));
        await Promise.all(kept.map((one) => resultOf(blobs.delete(one))));
      });
    },

    async close() {
      const opened = await opening?.catch(() => undefined);
      forget();
      opened?.close();
    },
  };
}

/** Opens the database, and deletes the blobs that no commit has kept: the worker ended during an upload. */
async function open(name: string): Promise<IDBDatabase> {
  const database = await openDatabase(name, 1, (created) => {
    const records = created.createObjectStore(recordStore, { keyPath: 'position', autoIncrement: true });
    records.createIndex('key', ['collection', 'folder', 'name'], { unique: true });
    records.createIndex('order', ['collection', 'folder', 'position']);
    created.createObjectStore(blobStore);
    created.createObjectStore(temporaryStore);
  });
  await transact(database, allStores, async (transaction) => {
    const names = await resultOf(transaction.objectStore(temporaryStore).getAllKeys());
    for (const one of names) await dropBlob(String(one))(transaction);
  });
  return database;
}

type Step = (transaction: IDBTransaction) => Promise<void>;

function stepOf(change: Change): Step {
  if ('put' in change) return putRecord(change.put, change.key, JSON.stringify(change.record));
  if ('delete' in change) return deleteRecord(change.delete, change.key);
  return 'keep' in change ? keepBlob(change.keep) : dropBlob(change.drop);
}

function putRecord(collection: Collection, key: string, json: string): Step {
  return async (transaction) => {
    const records = transaction.objectStore(recordStore);
    const [folder, name] = split(key);
    const position = await resultOf(records.index('key').getKey([collection, folder, name]));
    const row = { collection, folder, name, json };
    await resultOf(records.put(position === undefined ? row : { ...row, position }));
  };
}

function deleteRecord(collection: Collection, key: string): Step {
  return async (transaction) => {
    const records = transaction.objectStore(recordStore);
    const position = await resultOf(records.index('key').getKey([collection, ...split(key)]));
    if (position === undefined) throw new RolledBack();
    await resultOf(records.delete(position));
  };
}

function keepBlob(name: string): Step {
  return async (transaction) => {
    const found = await resultOf(transaction.objectStore(blobStore).getKey(name));
    if (found === undefined) throw new Error(`the store has no finished blob ${name}`);
    await resultOf(transaction.objectStore(temporaryStore).delete(name));
  };
}

function dropBlob(name: string): Step {
  return async (transaction) => {
    await resultOf(transaction.objectStore(blobStore).delete(name));
    await resultOf(transaction.objectStore(temporaryStore).delete(name));
  };
}

function split(key: string): [folder: string, name: string] {
  const end = key.lastIndexOf('/') + 1;
  return [key.slice(0, end), key.slice(end)];
}
