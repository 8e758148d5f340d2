import mime from 'mime';
import { fileName } from '../../index.js';
import { refuseUrls } from '../core/arguments.js';
import type { JsonFlag } from '../core/define.js';
import { UsageError } from '../core/errors.js';
import { forEachFile } from '../core/for-each-file.js';
import { printable } from '../terminal/printable.js';

/** `doctape-sdk mv`: renames a file. Its extension stays. */
export async function mv(signal: AbortSignal, file: string, name: string, flags: JsonFlag): Promise<void> {
  refuseUrls('mv takes a name', [name]);
  if (name.trim() === '') throw new UsageError('the new name is empty');
  if (/[/\\]/.test(name)) throw new UsageError('the new name must not contain a slash: doctape has no folders');
  await forEachFile('mv', [file], { signal, ...flags }, async ({ api, finder, given }) => {
    const before = await finder.find(given);
    const renamed = await api.files.update(before.id, { name: stemOf(name, before.extension) }, { signal });
    return {
      text: `Renamed ${printable(fileName(before))} to ${printable(fileName(renamed))}`,
      json: renamed,
    };
  });
}

/** The name without the extension, which the server adds. */
function stemOf(name: string, extension: string): string {
  const ending = `.${extension}`;
  if (extension !== '' && name.length > ending.length && name.toLowerCase().endsWith(ending.toLowerCase())) {
    return name.slice(0, -ending.length);
  }
  // `report.v2` is a name, `photo.png` asks for a change of the extension
  if (name.includes('.') && mime.getType(name) !== null) {
    const remedy = extension === '' ? 'this file has none' : `the new name must end with ${printable(ending)}`;
    throw new UsageError(`the extension of a file cannot be changed: ${remedy}`);
  }
  return name;
}
