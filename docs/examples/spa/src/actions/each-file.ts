import type { FileInfo } from 'doctape-sdk';
import { formatCount, fullName } from '../page/format.js';
import { announceProblem } from '../page/messages.js';
import type { Session } from '../session/session.js';

const atOnce = 4;

/** Does something with each file. A failure does not stop the others. Says what failed. @returns the files it worked for */
export async function eachFile(
  session: Session,
  files: readonly FileInfo[],
  action: (file: FileInfo) => Promise<void>,
  { oneByOne = false }: { oneByOne?: boolean } = {},
): Promise<FileInfo[]> {
  const waiting = [...files];
  const worked = new Set<FileInfo>();
  const reasons = new Set<string>();
  async function work(): Promise<void> {
    for (let file = waiting.shift(); file && !session.signal.aborted; file = waiting.shift()) {
      try {
        await action(file);
        worked.add(file);
      } catch (error) {
        const sentence = session.explain(error);
        if (sentence !== undefined) reasons.add(sentence);
      }
    }
  }
  await Promise.all(Array.from({ length: oneByOne ? 1 : atOnce }, work));
  if (reasons.size > 0) {
    const failed = files.length - worked.size;
    const count = files.length === 1 ? '' : `${failed} of ${formatCount(files.length, 'file')} failed. `;
    announceProblem(count + [...reasons].join(' '));
  }
  return files.filter((file) => worked.has(file));
}

/** `Lake.png`, or `3 files`. */
export function nameOf(files: readonly FileInfo[]): string {
  const [first] = files;
  return first && files.length === 1 ? fullName(first) : formatCount(files.length, 'file');
}
