import type { FileInfo } from '../../index.js';
import { refuseUrls } from '../core/arguments.js';
import type { JsonFlag } from '../core/define.js';
import { openSession } from '../core/session.js';
import { note, printJson } from '../terminal/output.js';
import { printFiles } from './file-table.js';
import { compareBy, type Filters, fileFilter, type sortKeys } from './filters.js';

export interface LsFlags extends JsonFlag, Filters {
  long?: boolean;
  sort?: (typeof sortKeys)[number];
  reverse?: boolean;
}

/** `doctape-sdk ls` */
export async function ls(signal: AbortSignal, name: string | undefined, flags: LsFlags): Promise<void> {
  const { json, long = false, sort, reverse } = flags;
  refuseUrls('ls takes a part of a name, or a pattern', [name]);
  const { api } = await openSession();
  const isWanted = fileFilter(name, flags);
  const files: FileInfo[] = [];
  let count = 0;
  for await (const file of api.files.iterate({ includeMeta: json === true && long, signal })) {
    count++;
    if (!isWanted(file)) continue;
    if (json && !sort && !reverse) printJson(file);
    else files.push(file);
  }
  if (sort) files.sort(compareBy(sort));
  if (reverse) files.reverse();
  if (json) files.forEach(printJson);
  else if (count === 0) note('There are no files yet.');
  else printFiles(files, long);
}
