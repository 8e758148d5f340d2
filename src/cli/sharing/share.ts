import type { JsonFlag } from '../core/define.js';
import { UsageError } from '../core/errors.js';
import { forEachFile } from '../core/for-each-file.js';
import { withChanges } from '../files/tag.js';
import { printable } from '../terminal/printable.js';
import { findTape } from './tapes.js';

export interface ShareFlags extends JsonFlag {
  delete?: boolean;
  tape?: boolean;
}

const userName = /^[\w.-]{1,64}$/;

/** `doctape-sdk share`: shares a file or a tape with users, or ends that. */
export async function share(signal: AbortSignal, given: string, users: string[], flags: ShareFlags): Promise<void> {
  if (users.some((user) => !userName.test(user)))
    throw new UsageError('a user name consists of letters, digits, dots, hyphens and underscores, such as bob');
  await forEachFile('share', [given], { signal, ...flags }, async ({ api, finder }) => {
    const [add, remove] = flags.delete ? [[], users] : [users, []];
    if (flags.tape) {
      const tape = await findTape(api, given, signal);
      const shared_with = withChanges(tape.shared_with, add, remove);
      const { id, shared_with: now } = await api.tapes.update(tape.id, { shared_with }, { signal });
      return result(given, id, now);
    }
    const file = await api.files.get(await finder.idOf(given), { signal });
    const tags = withChanges(file.tags, add.map(tagOf), remove.map(tagOf));
    const { id, tags: now } = await api.files.update(file.id, { tags }, { signal });
    return result(given, id, sharedWith(now));
  });
}

function tagOf(user: string): string {
  return `+${user}`;
}

/** The users that a file is shared with personally. */
function sharedWith(tags: readonly string[]): string[] {
  return tags.filter((tag) => tag.startsWith('+')).map((tag) => tag.slice(1));
}

function result(given: string, id: string, shared_with: string[]) {
  const users = shared_with.map(printable).join(', ') || 'nobody';
  return { text: `${printable(given)} is shared with ${users}`, json: { id, shared_with } };
}
