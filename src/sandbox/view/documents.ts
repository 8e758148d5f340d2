import type { SandboxApp } from '../core/config.js';
import type { SandboxContext } from '../core/context.js';
import { Failure } from '../core/failure.js';
import { withUserLock } from '../core/with-user-lock.js';
import { type FileRecord, keyOf } from '../store/records.js';

// The documents that an application can access. wire document section 5.2

/**
 * Finds a document.
 * @throws {Failure} 404 if it does not exist, belongs to another application, or was unlinked
 */
export async function findDocument({ store }: SandboxContext, app: SandboxApp, id: string): Promise<FileRecord> {
  const link = await store.get('links', id);
  const file = link?.client_id === app.clientId ? await store.get('files', keyOf(link.owner, id)) : undefined;
  if (!file) throw new Failure(404);
  return file;
}

/** Ends the access of an application. The file stays with its owner. */
export async function unlinkDocument(context: SandboxContext, app: SandboxApp, id: string): Promise<void> {
  const { owner } = await findDocument(context, app, id);
  await withUserLock(context, owner, async () => {
    if (!(await context.store.commit([{ delete: 'links', key: id }]))) throw new Failure(404);
  });
}
