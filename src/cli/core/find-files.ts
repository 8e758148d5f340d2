import prettyBytes from 'pretty-bytes';
import { type ApiClient, type FileInfo, fileName } from '../../index.js';
import { formatTime } from '../terminal/format-time.js';
import { CommandError } from './errors.js';

/** Finds the files that the user names on the command line. */
export interface FileFinder {
  /** The id of a file. No request is sent for a UUID. */
  idOf(given: string): Promise<string>;
  find(given: string): Promise<FileInfo>;
}

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The start of an id, as `ls` prints it on a narrow terminal. */
const idStart = /^(?=.{8,35}$)[0-9a-f]{8}[0-9a-f-]*$/i;

const mostCandidates = 5;

/**
 * A file is named by its id, by its name, or by the start of its id. The list of files is requested once, and only if the id of a file is
 * not known.
 */
export function fileFinder(api: ApiClient, signal: AbortSignal): FileFinder {
  let list: Promise<FileInfo[]> | undefined;
  async function lookUp(given: string): Promise<FileInfo> {
    list ??= api.files.list({ signal });
    return choose(await list, given);
  }
  return {
    idOf: async (given) => (uuid.test(given) ? given : (await lookUp(given)).id),
    find: async (given) => (uuid.test(given) ? api.files.get(given, { signal }) : lookUp(given)),
  };
}

/**
 * An id counts before a name: another user who shares a file cannot make it the meaning of an id.
 * @throws {CommandError} if there is no such file, or more than one
 */
function choose(files: readonly FileInfo[], given: string): FileInfo {
  const name = given.normalize('NFC'); // macOS decomposes names
  const hasName = (file: FileInfo) => fileName(file).normalize('NFC') === name;
  const found =
    matches(files, ({ id }) => id === given) ??
    matches(files, hasName) ??
    matches(files, ({ id }) => idStart.test(given) && id.toLowerCase().startsWith(given.toLowerCase()));
  if (!found) throw new CommandError(`there is no file with this id or name${hint(files, name)}`, 'no_such_file');
  const [file, ...others] = found;
  if (file && others.length === 0) return file;
  const more = found.length > mostCandidates ? `, and ${found.length - mostCandidates} more` : '';
  throw new CommandError(
    `more than one file has this name, use an id: ${found.slice(0, mostCandidates).map(describe).join(', ')}${more}`,
    'ambiguous_name',
  );
}

function matches(files: readonly FileInfo[], test: (file: FileInfo) => boolean): FileInfo[] | undefined {
  const found = files.filter(test);
  return found.length > 0 ? found : undefined;
}

function hint(files: readonly FileInfo[], name: string): string {
  const fold = (text: string) => text.normalize('NFC').toLowerCase();
  const similar = files.find((file) => [fileName(file), file.name].some((one) => fold(one) === fold(name)));
  return similar ? `: did you mean ${fileName(similar)}?` : ': run `doctape-sdk ls`';
}

function describe({ id, size, time_added, shared }: FileInfo): string {
  const owner = shared === 0 ? '' : ', shared with you';
  return `${id} (${prettyBytes(size)}, ${formatTime(time_added)}${owner})`;
}
