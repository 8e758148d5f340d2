import type { SandboxUser } from '../core/config.js';
import type { SandboxContext } from '../core/context.js';
import { Failure } from '../core/failure.js';
import { type Quota, quotaOf } from '../core/quota.js';
import { withUserLock } from '../core/with-user-lock.js';
import { type FileRecord, keyOf } from '../store/records.js';
import { renditionBlob, renditionBlobs } from '../store/rendition-blobs.js';
import type { Change, Store } from '../store/store.js';
import { storedBytes } from '../store/stored-bytes.js';
import { sharedFiles, tagChanges } from '../tapes/tag-index.js';
import { sharedTapes } from '../tapes/tapes.js';
import { dropBlobs } from './drop-blobs.js';
import { cleanFileName, joinName, splitName } from './file-name.js';
import type { FilesContext } from './files-context.js';

// The operations on files, without HTTP.

/**
 * A file as one user sees it. `shared` is 0 for the user's own file, 1 for a personal share, and otherwise the id of the owner of
 * the tape. The tags of another user's file do not include those that share it with third parties.
 */
export interface VisibleFile {
  file: FileRecord;
  shared: 0 | 1 | string;
}

export function ownFiles({ store }: SandboxContext, username: string): AsyncIterable<FileRecord> {
  return store.list('files', keyOf(username, ''));
}

/** The number of files that {@link visibleFiles} yields at once: to wait for each takes longer than to write it. */
const batchSize = 100;

// wire document section 7, choice 41
/** Lists a user's own files, then the files that other users share with them. Yields several at once. */
export async function* visibleFiles(context: SandboxContext, user: SandboxUser): AsyncGenerator<VisibleFile[]> {
  let batch: VisibleFile[] = [];
  for await (const file of ownFiles(context, user.username)) {
    batch.push({ file, shared: 0 });
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  yield batch;
  for (const owner of context.users.values()) {
    if (owner.username === user.username) continue;
    const tapes = await sharedTapes(context, owner, user);
    for await (const { id } of sharedFiles(context, owner.username, user.username, tapes)) {
      const file = await context.store.get('files', keyOf(owner.username, id)); // it may have been deleted in the meantime
      const seen = file && sharedWith(file, user, tapes);
      if (seen) yield [seen];
    }
  }
}

/** @param tapes the tags of the owner's tapes that the user can see */
function sharedWith(file: FileRecord, user: SandboxUser, tapes: ReadonlySet<string>): VisibleFile | undefined {
  const personal = `+${user.username}`;
  const isPersonal = file.tags.includes(personal);
  if (!isPersonal && !file.tags.some((tag) => tapes.has(tag))) return undefined;
  const tags = file.tags
    .filter((tag) => tag === personal || tapes.has(tag) || !/^[+#]/.test(tag))
    .map((tag) => (tapes.has(tag) ? `#${file.owner}/${tag.slice(1)}` : tag)); // wire document section 3.2
  return { file: { ...file, tags }, shared: isPersonal ? 1 : file.owner };
}

/**
 * Finds a file that the user can read.
 * @throws {Failure} 404 for any other file, so that the response does not reveal which ids exist
 */
export async function findFile(context: SandboxContext, user: SandboxUser, id: string): Promise<VisibleFile> {
  const own = await context.store.get('files', keyOf(user.username, id));
  if (own) return { file: own, shared: 0 };
  for (const owner of context.users.values()) {
    const file = await context.store.get('files', keyOf(owner.username, id));
    if (!file) continue;
    const seen = sharedWith(file, user, await sharedTapes(context, owner, user));
    if (seen) return seen;
  }
  throw new Failure(404);
}

/**
 * Finds a file that the user owns.
 * @throws {Failure} 404 if the user cannot read it, 403 if another user shares it with them
 */
export async function findOwnFile(context: SandboxContext, user: SandboxUser, id: string): Promise<FileRecord> {
  const { file, shared } = await findFile(context, user, id);
  if (shared !== 0) throw new Failure(403, 'the file belongs to another user');
  return file;
}

/** Each tag can create a tape, and is a change of the transaction that stores the file. */
const maxTags = 1_000;

/** The tags without repetitions. @throws {Failure} 400 if there are too many */
function checkTags(tags: readonly string[]): string[] {
  const different = [...new Set(tags)];
  if (different.length > maxTags) throw new Failure(400, `a file can have at most ${maxTags} tags`);
  return different;
}

/** A new file whose content is already in the store. */
export interface NewFile {
  id: string;
  fileName: string;
  type: string | undefined;
  size: number;
  tags: string[];
  starred: boolean;
  origin: string;
}

/**
 * Reads the metadata of new files and adds all of them, or none. Their bytes must be reserved in the quota.
 * @param more further changes of the same transaction
 */
export async function addFiles(
  context: FilesContext,
  user: SandboxUser,
  files: readonly NewFile[],
  quota: Quota,
  more: readonly Change[] = [],
): Promise<FileRecord[]> {
  try {
    const records: FileRecord[] = [];
    // one at a time, to limit the number of open files
    for (const file of files) records.push(await describeFile(context, user, file));
    await putFiles(context, user, records, quota, more);
    return records;
  } catch (error) {
    await dropFiles(context, files, quota);
    throw error;
  }
}

/**
 * Adds the records of all files, or of none. Their bytes, and those of their renditions, must be in the store. Those of the files must be
 * reserved in the quota.
 */
async function putFiles(
  context: FilesContext,
  user: SandboxUser,
  records: readonly FileRecord[],
  quota: Quota,
  more: readonly Change[] = [],
): Promise<void> {
  const { store, conversions } = context;
  const { username } = user;
  const toConvert = records.filter((record) => record.processing_status === 'processing');
  conversions.checkRoom(toConvert.length);
  const bytes = records.reduce((sum, { size }) => sum + size, 0);
  await withUserLock(context, username, async () => {
    if ((await quotaOf(context, user)) !== quota)
      throw new Failure(503, 'the sandbox was reset during the request: repeat it');
    const moves = records.map(({ id, tags }) => ({ id, from: [], to: tags }));
    await store.commit([
      ...records.flatMap((record): Change[] => [
        { put: 'files', key: keyOf(username, record.id), record },
        { keep: record.id },
        ...renditionBlobs(record).map((name) => ({ keep: name })),
      ]),
      ...toConvert.map(conversions.recordOf),
      ...(await tagChanges(context, username, moves)),
      ...more,
      quota.recordOf(bytes),
    ]);
    quota.recorded(bytes);
    quota.release(bytes);
    for (const record of toConvert) conversions.add(record);
  });
}

/** Deletes the blobs of files that could not be added, and releases their bytes in the quota. */
export async function dropFiles(
  { store }: SandboxContext,
  files: readonly Pick<FileRecord, 'id' | 'size' | 'renditions'>[],
  quota: Quota,
): Promise<void> {
  for (const { size } of files) quota.release(size);
  await dropBlobs(
    store,
    files.flatMap((file) => [file.id, ...renditionBlobs(file)]),
  );
}

async function describeFile(
  { store, media, now, conversions }: FilesContext,
  user: SandboxUser,
  file: NewFile,
): Promise<FileRecord> {
  const { id, fileName, size, starred, origin } = file;
  const tags = checkTags(file.tags);
  const { name, extension } = splitName(fileName);
  const bytes = storedBytes(store, { id, size });
  const { type, mediaType, isReadable, meta } = await media.describe({ declared: file.type, extension }, bytes);
  bytes.check();
  const record: FileRecord = {
    id,
    owner: user.username,
    name,
    extension,
    type,
    size,
    time_added: Math.floor(now() / 1000),
    media_type: mediaType,
    tags,
    origin,
    starred,
    public_code: null,
    processing_status: isReadable ? 'ok' : 'failed',
    meta,
  };
  return isReadable && conversions.isNeeded(record) ? { ...record, processing_status: 'processing' } : record;
}

export interface FileChanges {
  name?: string | undefined;
  tags?: string[] | undefined;
  starred?: boolean | undefined;
}

// wire document section 7, choice 40
/** Updates a file. The new name can include the current extension, which does not change. */
export function updateFile(
  context: SandboxContext,
  user: SandboxUser,
  id: string,
  changes: FileChanges,
): Promise<FileRecord> {
  return withUserLock(context, user.username, async () => {
    const file = await findOwnFile(context, user, id);
    const { name = file.name, tags = file.tags, starred = file.starred } = changes;
    const ending = `.${file.extension}`;
    const stem = file.extension !== '' && name.endsWith(ending) ? name.slice(0, -ending.length) : name;
    const fileName = joinName({ name: stem, extension: file.extension });
    if (stem.trim() === '' || cleanFileName(fileName) !== fileName)
      throw new Failure(400, 'name is not a valid file name');
    const changed = { ...file, name: stem, tags: checkTags(tags), starred };
    await commit(context.store, [
      { put: 'files', key: keyOf(user.username, id), record: changed },
      ...(await tagChanges(context, user.username, [{ id, from: file.tags, to: changed.tags }])),
    ]);
    return changed;
  });
}

// wire document section 3.2
/** Copies a file and its renditions. The copy has no tags and no public URL. A file that is being converted is converted again. */
export async function cloneFile(context: FilesContext, user: SandboxUser, id: string): Promise<string> {
  const { file } = await findFile(context, user, id);
  const quota = await quotaOf(context, user);
  quota.reserve(file.size);
  const copy = {
    ...file,
    id: crypto.randomUUID(),
    owner: user.username,
    tags: [],
    public_code: null,
    time_added: Math.floor(context.now() / 1000),
  };
  try {
    await copyBlob(context, file.id, file.size, copy.id);
    for (const [name, size] of Object.entries(file.renditions ?? {}))
      await copyBlob(context, renditionBlob(file.id, name), size, renditionBlob(copy.id, name));
    await putFiles(context, user, [copy], quota);
  } catch (error) {
    await dropFiles(context, [copy], quota);
    if (!(await context.store.get('files', keyOf(file.owner, id)))) throw new Failure(404); // the file was deleted in the meantime
    throw error;
  }
  return copy.id;
}

async function copyBlob({ store }: SandboxContext, original: string, size: number, copy: string): Promise<void> {
  const writer = await store.writeBlob(copy);
  try {
    const reader = size > 0 ? store.readBlob(original, { start: 0, end: size - 1 }).getReader() : undefined;
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read())
      await writer.write(chunk.value);
    await writer.finish();
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** Creates the public URL of a file, or removes it. */
export function publishFile(
  context: SandboxContext,
  user: SandboxUser,
  id: string,
  open: boolean,
): Promise<FileRecord> {
  const { store } = context;
  return withUserLock(context, user.username, async () => {
    const file = await findOwnFile(context, user, id);
    if (open === (file.public_code !== null)) return file;
    const changed = { ...file, public_code: open ? await freePublicCode(store) : null };
    await commit(store, [
      { put: 'files', key: keyOf(user.username, id), record: changed },
      changed.public_code === null
        ? { delete: 'public', key: file.public_code ?? '' }
        : { put: 'public', key: changed.public_code, record: { owner: user.username, id } },
    ]);
    return changed;
  });
}

/** @throws {Failure} 404 if a record to delete does not exist, for example after a reset */
async function commit(store: Store, changes: readonly Change[]): Promise<void> {
  if (!(await store.commit(changes))) throw new Failure(404);
}

async function freePublicCode(store: Store): Promise<string> {
  for (;;) {
    const code = publicCode();
    if (!(await store.get('public', code))) return code;
  }
}

// wire document section 1.1
/** Generates a code of six letters and digits, as doctape did. */
function publicCode(): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  return Array.from(crypto.getRandomValues(new Uint32Array(6)), (value) => alphabet[value % alphabet.length]).join('');
}

export async function findPublicFile({ store }: SandboxContext, code: string): Promise<FileRecord> {
  const reference = await store.get('public', code);
  const file = reference && (await store.get('files', keyOf(reference.owner, reference.id)));
  if (!file || file.public_code !== code) throw new Failure(404);
  return file;
}

export function deleteFile(context: FilesContext, user: SandboxUser, id: string): Promise<void> {
  const { store, conversions } = context;
  return withUserLock(context, user.username, async () => {
    const file = await findOwnFile(context, user, id);
    const quota = await quotaOf(context, user);
    const link = await store.get('links', id);
    await commit(store, [
      { delete: 'files', key: keyOf(user.username, id) },
      ...(link ? [{ delete: 'links' as const, key: id }] : []),
      ...(file.public_code === null ? [] : [{ delete: 'public' as const, key: file.public_code }]),
      ...(await tagChanges(context, user.username, [{ id, from: file.tags, to: [] }])),
      quota.recordOf(-file.size),
      ...(file.processing_status === 'processing' ? [{ delete: 'conversions' as const, key: id }] : []),
      ...[id, ...renditionBlobs(file)].map((name) => ({ drop: name })),
    ]);
    quota.recorded(-file.size);
    conversions.cancel(id);
  });
}
