import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { confirm } from '@clack/prompts';
import prettyBytes from 'pretty-bytes';
import { type ApiClient, ConfigurationError, type DoctapeError, type FileInfo, type Rendition } from '../../index.js';
import { openFile, saveDownload } from '../../node.js';
import { ask } from '../core/ask.js';
import { each, isInteractive, noAddress, printJson, signedIn, UsageError } from '../core/command.js';
import { fileNameOf, printable } from '../terminal/printable.js';
import { table } from '../terminal/table.js';
import { withBar } from '../terminal/transfer-bar.js';

interface JsonFlag {
  json?: boolean;
}

/** `doctape-sdk whoami` */
export async function whoami(signal: AbortSignal, { json }: JsonFlag): Promise<void> {
  const { api, session } = await signedIn();
  const account = await api.account.get({ signal });
  if (json) return printJson({ ...account, baseUrl: session.baseUrl });
  const { username, email, quota, quota_used } = account;
  const used = `${prettyBytes(quota_used)} of ${prettyBytes(quota)} used`;
  console.log(`${printable(username)} (${printable(email)}), ${used}, at ${session.baseUrl}`);
}

/** `doctape-sdk ls` */
export async function ls(signal: AbortSignal, { json, long }: JsonFlag & { long?: boolean }): Promise<void> {
  const { api } = await signedIn();
  if (json) {
    for await (const file of api.files.iterate({ includeMeta: long === true, signal })) printJson(file);
    return;
  }
  const files = await api.files.list({ signal });
  if (files.length === 0) return console.error('There are no files yet.');
  const more = (file: FileInfo) => [
    file.media_type,
    file.processing_status,
    file.starred ? 'yes' : 'no',
    file.public_url === null ? 'no' : 'yes',
    file.tags.join(' '),
  ];
  const heads = ['id', 'name', 'size', 'added', ...(long ? ['type', 'processing', 'starred', 'public', 'tags'] : [])];
  const rows = files.map((file) => [
    file.id,
    nameOf(file),
    prettyBytes(file.size),
    file.time_added.toISOString().slice(0, 16).replace('T', ' '),
    ...(long ? more(file) : []),
  ]);
  console.log(table([heads, ...rows.map((row) => row.map(printable))], [2]));
}

/** `doctape-sdk upload` */
export async function upload(signal: AbortSignal, paths: string[], { json }: JsonFlag): Promise<void> {
  noAddress('upload takes files of this machine', paths);
  const { api } = await signedIn();
  const send = async (path: string) => {
    const source = await openFile(path);
    const file = await withBar(source.name, ({ update }) => api.files.upload(source, { onProgress: update, signal }));
    if (json) printJson({ path, ...file });
    else console.log(`Uploaded ${printable(file.name)}, ${prettyBytes(file.size)}: ${printable(file.id)}`);
  };
  await each(paths, signal, String, send, json ? (path, error) => printJson({ path, ...failure(error) }) : undefined);
}

export interface DownloadFlags extends JsonFlag {
  output?: string;
  rendition: Rendition;
  force?: boolean;
}

/** `doctape-sdk download` */
export async function download(signal: AbortSignal, ids: string[], flags: DownloadFlags): Promise<void> {
  const { output, rendition, force = false, json } = flags;
  noAddress('download takes ids, as ls shows them', ids);
  noAddress('--output takes a file or a folder of this machine', [output]);
  const folder = output === undefined ? '.' : (await isFolder(output)) ? output : undefined;
  if (folder === undefined && ids.length > 1) {
    throw new UsageError(`--output must be a folder that exists, to put ${ids.length} files into`);
  }
  const { api } = await signedIn();
  const written = new Set<string | undefined>();
  const fetchOne = async (id: string) => {
    const path = folder === undefined ? (output ?? '') : join(folder, await localName(api, id, rendition, signal));
    const there = await identityOf(path);
    if (there !== undefined && written.has(there)) {
      const remedy = 'download this one by itself, with --output to name it';
      throw new ConfigurationError('invalid_argument', `${path} was written in this run already: ${remedy}`);
    }
    if (there !== undefined && !force) {
      throw new ConfigurationError('invalid_argument', `${path} exists: add --force to replace it`);
    }
    const saved = await withBar(path, ({ update }) =>
      saveDownload(api, id, path, { rendition, overwrite: force, onProgress: update, signal }),
    );
    written.add(await identityOf(saved.path));
    if (json) printJson({ id, ...saved });
    else console.log(`Saved ${printable(path)}, ${prettyBytes(saved.size)}`);
  };
  await each(ids, signal, String, fetchOne, json ? (id, error) => printJson({ id, ...failure(error) }) : undefined);
}

/** What the server calls it, as the name of a file here. */
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
  noAddress('url takes an id, as ls shows it', [id]);
  const { api } = await signedIn();
  const { href } = api.files.url(id, rendition);
  if (process.stderr.isTTY) console.error('Whoever has this address can do all that you can: your token is in it.');
  if (json) printJson({ id, url: href });
  else console.log(href);
}

/** `doctape-sdk rm` */
export async function rm(
  signal: AbortSignal,
  ids: string[],
  { yes, json }: JsonFlag & { yes?: boolean },
): Promise<void> {
  noAddress('rm takes ids, as ls shows them', ids);
  if (!yes && !isInteractive())
    throw new UsageError('rm deletes for good: add --yes, as there is no terminal to ask on');
  const { api } = await signedIn();
  const remove = async (id: string) => {
    if (!yes) {
      const name = printable(nameOf(await api.files.get(id, { signal })));
      const message = `Delete ${name} for good?`;
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
  await each(ids, signal, String, remove, json ? (id, error) => printJson({ id, ...failure(error) }) : undefined);
}

function nameOf({ name, extension }: FileInfo): string {
  return extension === '' ? name : `${name}.${extension}`;
}

function failure({ code, message }: Pick<DoctapeError, 'code' | 'message'>): {
  error: { code: string; message: string };
} {
  return { error: { code, message } };
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isDirectory(),
    () => false,
  );
}

/** What stays the same when a file is named in another way, such as in capitals, or by a link. */
async function identityOf(path: string): Promise<string | undefined> {
  return stat(path, { bigint: true }).then(
    ({ dev, ino }) => `${dev}:${ino}`,
    () => undefined,
  );
}
