import { type FileHandle, lstat, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { invalid } from '../protocol/checks.js';
import { parseHttpDate } from '../transport/http-date.js';

/** What a part is of. Only bytes of the same file at the same server, in the same version, can be added to it. */
export interface Origin {
  /** Server, id and rendition, without the token. */
  url: string;
  /** The `ETag` or `Last-Modified` of the version. */
  validator: string;
}

/** A part that an earlier run left. */
export interface Left {
  validator: string;
  /** Bytes it has: at least one. */
  size: number;
}

/** The half of a download that is on disk, in `path.part`, and what it is of, in `path.part.json`. */
export interface Part {
  /** What is there of `url`, if it can be continued. */
  left(url: string): Promise<Left | undefined>;
  /** Opens what is there, to add to it. */
  reopen(): Promise<FileHandle>;
  /** Begins with nothing. Without an origin it cannot be continued later. */
  create(origin: Origin | undefined): Promise<FileHandle>;
  remove(): Promise<void>;
  /** Gives it the final name. */
  publish(): Promise<void>;
}

export function partOf(path: string): Part {
  const part = `${path}.part`;
  const note = `${part}.json`;

  async function remove(): Promise<void> {
    for (const file of [part, note, `${note}.new`]) await rm(file, { force: true });
  }

  return {
    async left(url) {
      const status = await lstat(part).catch(() => undefined);
      if (status && !status.isFile() && !status.isSymbolicLink()) {
        throw invalid('path', `${part} is in the way: remove it, or choose another`);
      }
      const origin = readOrigin(await readFile(note, 'utf8').catch(() => ''));
      if (!status?.isFile() || status.size === 0 || origin?.url !== url) return undefined;
      return { validator: origin.validator, size: status.size };
    },

    reopen: () => open(part, 'r+'),

    async create(origin) {
      await remove();
      await syncFolder(path); // no old part may ever come to stand beside a new note
      if (origin) {
        await writeWhole(`${note}.new`, JSON.stringify(origin));
        await rename(`${note}.new`, note);
      }
      return open(part, 'wx');
    },

    remove,

    async publish() {
      await rename(part, path);
      await rm(note, { force: true });
      await syncFolder(path);
    },
  };
}

function readOrigin(text: string): Origin | undefined {
  try {
    const { url, validator } = JSON.parse(text);
    const strong =
      typeof validator === 'string' && (/^"[\x21\x23-\x7e]*"$/.test(validator) || parseHttpDate(validator));
    return strong && typeof url === 'string' ? { url, validator } : undefined;
  } catch {
    return undefined;
  }
}

async function writeWhole(path: string, text: string): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a new name last. Windows cannot, and does not need it. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(dirname(path));
    await folder.sync().finally(() => folder.close());
  } catch {
    // not every file system can
  }
}
