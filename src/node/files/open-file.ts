import { type BigIntStats, openAsBlob } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import mime from 'mime';
import { FileSystemError } from '../../protocol/errors.js';
import { platform } from '../../transport/http/platform.js';
import { pathError } from '../system-error.js';
import { absolutePath } from './absolute-path.js';
import { DiskFile, versionOf } from './disk-file.js';

/**
 * Opens a file as a platform `File`, for `api.files.upload()` and everything else that takes one. It has a name, a size in
 * bytes, a type (by the extension) and the time of its last change; its content is read when it is wanted, piece by piece.
 *
 * A file that changes afterwards can no longer be read: an upload of it then ends in a `TransferError` `changed`, and
 * never sends a mixture of two versions.
 *
 * @example
 * const { id } = await api.files.upload(await openFile('holiday.jpg'));
 *
 * @throws {FileSystemError} `file_not_found`, `is_directory`, `permission_denied`, `name_too_long`, or `io` if it is not a
 * regular file
 * @throws {ConfigurationError} `invalid_argument` if `path` is not a path
 */
export async function openFile(path: string): Promise<File> {
  const absolute = absolutePath(path);
  let status: BigIntStats;
  let hidden = false;
  try {
    status = await stat(absolute, { bigint: true }); // before it is opened: opening a pipe waits for its writer
    if (status.isFile()) hidden = await hasMore(absolute, status);
  } catch (error) {
    throw pathError(path, 'cannot be read', error);
  }
  if (status.isDirectory()) {
    throw new FileSystemError('is_directory', `${path} is a folder: open the files in it one by one`, path);
  }
  if (!status.isFile()) {
    throw new FileSystemError('io', `${path} is not a regular file: upload a stream in its place`, path);
  }
  if (hidden) {
    const message = `${path} has more bytes than the system says: upload a stream of it in its place`;
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

/** Files that the system makes up as they are read, such as those in /proc, are said to be empty. */
async function hasMore(path: string, { size }: BigIntStats): Promise<boolean> {
  const handle = await open(path);
  try {
    return size === 0n && (await handle.read(new Uint8Array(1), 0, 1, 0)).bytesRead > 0;
  } finally {
    await handle.close();
  }
}
