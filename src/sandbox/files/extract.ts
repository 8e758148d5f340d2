import type { SandboxUser } from '../core/config.js';
import { Failure } from '../core/failure.js';
import { quotaOf } from '../core/quota.js';
import { RefusedArchive } from '../media/archives/refused-archive.js';
import { keyOf } from '../store/records.js';
import { storedBytes } from '../store/stored-bytes.js';
import { cleanFileName } from './file-name.js';
import { addFiles, dropFiles, findFile, type NewFile } from './files.js';
import type { FilesContext } from './files-context.js';

const maxEntries = 10_000;

// wire document section 3.2
/** Unpacks a zip archive into the user's files. If it fails, no file is added. */
export async function extractArchive(context: FilesContext, user: SandboxUser, id: string): Promise<void> {
  const { store, media } = context;
  const { file } = await findFile(context, user, id);
  if (!/zip/.test(file.type) && file.extension.toLowerCase() !== 'zip')
    throw new Failure(400, 'the file is not a zip archive');
  const quota = await quotaOf(context, user);
  const bytes = storedBytes(store, file);
  const files: NewFile[] = [];
  try {
    for await (const { name, stream } of media.unzip(bytes, { maxBytes: quota.free, maxEntries })) {
      const unpacked = {
        id: crypto.randomUUID(),
        fileName: cleanFileName(name),
        type: undefined,
        size: 0,
        tags: [],
        starred: false,
        origin: file.origin,
      };
      files.push(unpacked);
      const writer = await store.writeBlob(unpacked.id);
      try {
        const reader = stream.getReader();
        for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
          quota.reserve(chunk.value.byteLength);
          unpacked.size += chunk.value.byteLength;
          await writer.write(chunk.value);
        }
        await writer.finish();
      } catch (error) {
        await writer.discard();
        throw error;
      }
    }
  } catch (error) {
    await dropFiles(context, files, quota);
    if (!(await store.get('files', keyOf(file.owner, id)))) throw new Failure(404); // the file was deleted in the meantime
    bytes.check();
    if (error instanceof RefusedArchive) throw new Failure(400, error.message);
    throw error;
  }
  await addFiles(context, user, files, quota);
}
