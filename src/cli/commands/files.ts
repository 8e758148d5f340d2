import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { confirm } from '@clack/prompts';
import prettyBytes from 'pretty-bytes';
import { type ApiClient, type FileInfo, FileSystemError, type Rendition } from '../../index.js';
import { openFile, saveDownload } from '../../node.js';
import { refuseUrls } from '../core/arguments.js';
import { UsageError } from '../core/errors.js';
import { forEachItem, type ItemError } from '../core/for-each-item.js';
import { ask, isInteractive } from '../core/prompt.js';
import { openSession } from '../core/session.js';
import { printJson } from '../terminal/output.js';
import { fileNameOf, printable } from '../terminal/printable.js';
import { withProgressBar } from '../terminal/progress-bar.js';
import { table } from '../terminal/table.js';

interface JsonFlag {
  json?: boolean;
}

/** `doctape-sdk whoami` */
export async function whoami(signal: AbortSignal, { json }: JsonFlag): Promise<void> {
  const { api, session } = await openSession();
  const account = await api.account.get({ signal });
  if (json) return printJson({ ...account, baseUrl: session.baseUrl });
  const { username, email, quota, quota_used } = account;
  const used = `${prettyBytes(quota_used)} of ${prettyBytes(quota)} used`;
  console.log(`${printable(username)} (${printable(email)}), ${used}, at ${session.baseUrl}`);
}

/** `doctape-sdk ls` */
export async function ls(signal: AbortSignal, { json, long }: JsonFlag & { long?: boolean }): Promise<void> {
  const { api } = await openSession();
  if (json) {
    for await (const file of api.files.iterate({ includeMeta: long === true, signal })) printJson(file);
    return;
  }
  const files = await api.files.list({ signal });
  if (files.length === 0) return console.error('There are no files yet.');
  const details = (file: FileInfo) => [
    file.media_type,
    file.processing_status,
    file.starred ? 'yes' : 'no',
    file.public_url === null ? 'no' : 'yes',
    file.tags.join(' '),
  ];
  const titles = ['id', 'name', 'size', 'added', ...(long ? ['type', 'processing', 'starred', 'public', 'tags'] : [])];
  const rows = files.map((file) => [
    file.id,
    nameOf(file),
    prettyBytes(file.size),
    file.time_added.toISOString().slice(0, 16).replace('T', ' '),
    ...(long ? details(file) : []),
  ]);
  console.log(table([titles, ...rows.map((row) => row.map(printable))], [2]));
}

/** `doctape-sdk upload` */
export async function upload(signal: AbortSignal, paths: string[], { json }: JsonFlag): Promise<void> {
  refuseUrls('upload takes local files', paths);
  const { api } = await openSession();
  const send = async (path: string) => {
    const source = await openFile(path);
    const file = await withProgressBar(source.name, ({ update }) =>
      api.files.upload(source, { onProgress: update, signal }),
    );
    if (json) printJson({ path, ...file });
    else console.log(`Uploaded ${printable(file.name)}, ${prettyBytes(file.size)}: ${printable(file.id)}`);
  };
  await forEachItem(paths, signal, send, json ? (path, error) => printJson({ path, ...failure(error) }) : undefined);
}

export interface DownloadFlags extends JsonFlag {
  output?: string;
  rendition: Rendition;
  force?: boolean;
}

/** `doctape-sdk download` */
export async function download(signal: AbortSignal, ids: string[], flags: DownloadFlags): Promise<void> {
  const { output, rendition, force = false, json } = flags;
  refuseUrls('download takes ids, as printed by ls', ids);
  refuseUrls('--output takes a local file or folder', [output]);
  const folder = output === undefined ? '.' : (await isFolder(output)) ? output : undefined;
  if (folder === undefined && ids.length > 1) {
    throw new UsageError(`--output must be an existing folder to download ${ids.length} files`);
  }
  const { api } = await openSession();
  const written = new Set<string | undefined>();
  const downloadOne = async (id: string) => {
    const path = folder === undefined ? (output ?? '') : join(folder, await localName(api, id, rendition, signal));
    const existing = await identityOf(path);
    if (existing !== undefined && written.has(existing)) {
      const message = `${path} was written by this command already: download this file separately, with --output`;
      throw new FileSystemError('file_exists', message, path);
    }
    if (existing !== undefined && !force) {
      throw new FileSystemError('file_exists', `${path} exists: add --force to replace it`, path);
    }
    const saved = await withProgressBar(path, ({ update }) =>
      saveDownload(api, id, path, { rendition, overwrite: force, onProgress: update, signal }),
    );
    written.add(await identityOf(saved.path));
    if (json) printJson({ id, ...saved });
    else console.log(`Saved ${printable(path)}, ${prettyBytes(saved.size)}`);
  };
  await forEachItem(ids, signal, downloadOne, json ? (id, error) => printJson({ id, ...failure(error) }) : undefined);
}

/** The local file name for a file on the server. */
async function localName(api: ApiClient, id: string, rendition: Rendition, signal: AbortSignal): Promise<string> {
  const file = await api.files.get(id, { signal });
  return fileNameOf(rendition === 'original' ? nameOf(file) : `${file.name}-${rendition}`);
}

/** `doctape-sdk url` */
export async function url(
  _signal: AbortSignal,
  id: string,
  rendition: Rendition | undefined,
  { json }: JsonFlag,
): Promise<void> {
  refuseUrls('url takes an id, as printed by ls', [id]);
  const { api } = await openSession();
  const { href } = api.files.url(id, rendition);
  if (process.stderr.isTTY) console.error('This URL contains your token. Anyone who has it can act on your behalf.');
  if (json) printJson({ id, url: href });
  else console.log(href);
}

/** `doctape-sdk rm` */
export async function rm(
  signal: AbortSignal,
  ids: string[],
  { yes, json }: JsonFlag & { yes?: boolean },
): Promise<void> {
  refuseUrls('rm takes ids, as printed by ls', ids);
  if (!yes && !isInteractive())
    throw new UsageError('rm needs --yes: it deletes permanently, and there is no terminal to ask for confirmation');
  const { api } = await openSession();
  const remove = async (id: string) => {
    if (!yes) {
      const name = printable(nameOf(await api.files.get(id, { signal })));
      const message = `Delete ${name} permanently?`;
      const isSure = await ask(signal, (ended) =>
        confirm({ message, initialValue: false, output: process.stderr, signal: ended }),
      );
      if (!isSure) {
        if (json) printJson({ id, deleted: false });
        return console.error(`Kept ${name}`);
      }
    }
    await api.files.delete(id, { signal });
    if (json) printJson({ id, deleted: true });
    else console.log(`Deleted ${printable(id)}`);
  };
  await forEachItem(ids, signal, remove, json ? (id, error) => printJson({ id, ...failure(error) }) : undefined);
}

function nameOf({ name, extension }: FileInfo): string {
  return extension === '' ? name : `${name}.${extension}`;
}

function failure({ code, message }: ItemError): { error: ItemError } {
  return { error: { code, message } };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/** Identifies a file by device and inode, because two paths can lead to the same file. */
async function identityOf(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => undefined,
  );
}
