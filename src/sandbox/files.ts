import { Failure } from './answer.js';
import type { SandboxUser } from './config.js';
import type { SandboxContext } from './context.js';
import type { FileRecord } from './records.js';

/** Users' files: what the routes do, without HTTP. */

const keyOf = (owner: string, id: string) => `${owner}/${id}`;

export function listFiles({ store }: SandboxContext, user: SandboxUser): AsyncIterable<FileRecord> {
  return store.list('files', keyOf(user.username, ''));
}

/** Somebody else's file is not found either: nobody learns which ids exist. */
export async function findFile({ store }: SandboxContext, user: SandboxUser, id: string): Promise<FileRecord> {
  const file = await store.get('files', keyOf(user.username, id));
  if (!file) throw new Failure(404);
  return file;
}

/** Puts uploaded files on record. Their bytes are in the store already. */
export async function addFiles(
  context: SandboxContext,
  user: SandboxUser,
  files: readonly FileRecord[],
): Promise<void> {
  const used = await usedBytes(context, user);
  for (const file of files) await context.store.put('files', keyOf(user.username, file.id), file);
  context.usage.set(user.username, used + files.reduce((sum, file) => sum + file.size, 0));
}

export async function deleteFile(context: SandboxContext, user: SandboxUser, id: string): Promise<void> {
  const file = await findFile(context, user, id);
  const used = await usedBytes(context, user);
  if (!(await context.store.delete('files', keyOf(user.username, id)))) throw new Failure(404);
  context.usage.set(user.username, used - file.size);
  await context.store.deleteBlob(id);
}

export const defaultQuota = 5_000_000_000;

export function quotaOf(user: SandboxUser): number {
  return user.quota ?? defaultQuota;
}

export async function usedBytes(context: SandboxContext, user: SandboxUser): Promise<number> {
  const known = context.usage.get(user.username);
  if (known !== undefined) return known;
  let used = 0;
  for await (const file of listFiles(context, user)) used += file.size;
  context.usage.set(user.username, used);
  return used;
}

/** The file object, as it goes over the wire (wire document section 3.2). */
export function wireFile(file: FileRecord, withMeta: boolean): Record<string, unknown> {
  return {
    id: file.id,
    public_url: null,
    name: file.name,
    extension: file.extension,
    size: file.size,
    time_added: file.time_added,
    media_type: file.media_type,
    tags: file.tags,
    origin: file.origin,
    starred: file.starred,
    shared: 0,
    processing_status: 'ok',
    meta: withMeta ? file.meta : {},
  };
}
