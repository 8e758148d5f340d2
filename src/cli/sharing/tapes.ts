import type { ApiClient, Tape } from '../../index.js';
import { refuseUrls } from '../core/arguments.js';
import type { JsonFlag } from '../core/define.js';
import { CommandError } from '../core/errors.js';
import { openSession } from '../core/session.js';
import { printFiles } from '../files/file-table.js';
import { note, print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';
import { table } from '../terminal/table.js';

/** `doctape-sdk tapes`: lists the tapes, or the files of one. */
export async function tapes(signal: AbortSignal, given: string | undefined, { json }: JsonFlag): Promise<void> {
  refuseUrls('tapes takes the id or the name of a tape', [given]);
  const { api } = await openSession();
  if (given !== undefined) {
    const { files: ids } = await findTape(api, given, signal);
    const files = (await api.files.list({ signal })).filter(({ id }) => ids.includes(id));
    return json ? files.forEach(printJson) : printFiles(files);
  }
  const all = await api.tapes.list({ signal });
  if (json) return all.forEach(printJson);
  if (all.length === 0) return note('There are no tapes yet. `doctape-sdk tag FILE --add "#NAME"` creates one.');
  const rows = all.map(({ id, name, files, shared_with }) => [
    id,
    printable(name),
    String(files.length),
    shared_with.map(printable).join(' '),
  ]);
  print(table([['id', 'name', 'files', 'shared with'], ...rows], { right: [2], flexible: 1 }));
}

/** @throws {CommandError} if there is no such tape, or more than one */
export async function findTape(api: ApiClient, given: string, signal: AbortSignal): Promise<Tape> {
  const all = await api.tapes.list({ signal });
  const name = given.replace(/^#/, '').normalize('NFC');
  const byId = all.filter(({ id }) => id === given);
  const found = byId.length > 0 ? byId : all.filter((tape) => tape.name.normalize('NFC') === name);
  const [tape] = found;
  if (!tape) throw new CommandError('there is no tape with this id or name: run `doctape-sdk tapes`', 'no_such_tape');
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(', ');
    throw new CommandError(`more than one tape has this name, use an id: ${ids}`, 'ambiguous_name');
  }
  return tape;
}
