import type { SandboxContext } from '../core/context.js';
import { ownFiles } from '../files/files.js';

const maxCount = 100;

/** The number of files of a user in words. Counting 100,000 files takes too long. */
export async function countFiles(context: SandboxContext, username: string): Promise<string> {
  let count = 0;
  for await (const _ of ownFiles(context, username)) if (++count > maxCount) return `more than ${maxCount} files`;
  return `${count === 0 ? 'no' : count} ${count === 1 ? 'file' : 'files'}`;
}
