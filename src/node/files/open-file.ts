import { type BigIntStats, openAsBlob } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import mime from 'mime';
import { FileSystemError } from '../../protocol/errors.js';
import { platform } from '../../transport/http/platform.js';
import { pathError } from '../system-error.js';
import { absolutePath } from './absolute-path.js';
import { DiskFile } from './disk-file.js';
import { versionOf } from './read-file.js';

/**
 * Opens a file on disk as a `File`, for `api.files.upload()` and every other API that accepts one. The `File` has the name, the
 * size in bytes, the media type (by extension) and the modification time. Its content is read in chunks when it is needed.
 *
 * If the file changes after it was opened, reading it rejects with a `TransferError` (`changed`), so that an upload never mixes two
 * versions.
 *
 * @example
 * import { openFile } from 'doctape-sdk/node';
 *
 * const { id } = await api.files.upload(await openFile('holiday.jpg'));
 *
 * @throws {FileSystemError} `file_not_found`, `is_directory`, `permission_denied`, `name_too_long`, or `io` if it is not a
 * regular file
 * @throws {ConfigurationError} `invalid_argument` if `path` is not a string, is empty or contains NUL
 */
export async function openFile(path: string): Promise<File> {
  const absolute = absolutePath(path);
  let status: BigIntStats;
  let hasHiddenContent = false;
  try {
    status = await stat(absolute, { bigint: true }); // before it is opened, because opening a pipe waits for its writer
    if (status.isFile()) hasHiddenContent = await isGenerated(absolute, status);
  } catch (error) {
    throw pathError(path, 'cannot be read', error);
  }
  if (status.isDirectory()) {
    throw new FileSystemError('is_directory', `${path} is a folder: open each file in it`, path);
  }
  if (!status.isFile()) {
    throw new FileSystemError('io', `${path} is not a regular file: upload a stream instead`, path);
  }
  if (hasHiddenContent) {
    const message = `${path} has more bytes than its reported size: upload a stream instead`;
    throw new FileSystemError('io', message, path);
  }
  const type = mime.getType(path) ?? '';
  return new DiskFile(platform() === 'deno' ? [] : [await openAsBlob(absolute, { type })], {
    path: absolute,
    name: basename(absolute),
    type,
    size: Number(status.size),
    lastModified: Number(status.mtimeMs),
    version: versionOf(status),
  });
}

/** Whether a file of size 0 has content: the system generates files such as those in /proc when they are read. */
async function isGenerated(path: string, { size }: BigIntStats): Promise<boolean> {
  const handle = await open(path);
  try {
    return size === 0n && (await handle.read(new Uint8Array(1), 0, 1, 0)).bytesRead > 0;
  } finally {
    await handle.close();
  }
}
