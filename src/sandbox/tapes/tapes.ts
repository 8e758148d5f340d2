import type { SandboxUser } from '../core/config.js';
import type { SandboxContext } from '../core/context.js';
import { Failure } from '../core/failure.js';
import { withUserLock } from '../core/with-user-lock.js';
import { keyOf, type TapeRecord } from '../store/records.js';

// A file is on tape `x` if it has the tag `#x` (wire document section 7, choice 41).

/** The tags of the tapes that `owner` shares with `user`. */
export async function sharedTapes(
  { store }: SandboxContext,
  owner: SandboxUser,
  user: SandboxUser,
): Promise<Set<string>> {
  const tags = new Set<string>();
  for await (const tape of store.list('tapes', keyOf(owner.username, ''))) {
    if (tape.shared_with.includes(user.username)) tags.add(`#${tape.name}`);
  }
  return tags;
}

/** The user's own tapes, then the tapes that others share with them. */
export async function* visibleTapes({ store, users }: SandboxContext, user: SandboxUser): AsyncGenerator<TapeRecord> {
  yield* store.list('tapes', keyOf(user.username, ''));
  for (const owner of users.values()) {
    if (owner.username === user.username) continue;
    for await (const tape of store.list('tapes', keyOf(owner.username, ''))) {
      if (tape.shared_with.includes(user.username)) yield tape;
    }
  }
}

export async function findTape(context: SandboxContext, user: SandboxUser, id: string): Promise<TapeRecord> {
  for await (const tape of visibleTapes(context, user)) if (tape.id === id) return tape;
  throw new Failure(404);
}

export interface TapeChanges {
  live?: boolean | undefined;
  shared_with?: string[] | undefined;
}

/** `shared_with` replaces the list (wire document section 7, choice 42). */
export async function updateTape(
  context: SandboxContext,
  user: SandboxUser,
  id: string,
  changes: TapeChanges,
): Promise<TapeRecord> {
  const { owner } = await findTape(context, user, id);
  if (owner !== user.username) throw new Failure(403, 'the tape belongs to another user');
  return withUserLock(context, owner, async () => {
    const tape = await findTape(context, user, id);
    const { live = tape.live, shared_with = tape.shared_with } = changes;
    const unknown = shared_with.some((name) => !context.users.has(name) || name === owner);
    if (unknown) throw new Failure(400, 'shared_with must contain user names of other users');
    const changed = { ...tape, live, shared_with: [...new Set(shared_with)] };
    await context.store.commit([{ put: 'tapes', key: keyOf(owner, tape.name), record: changed }]);
    return changed;
  });
}

/** The tape object of the API (wire document section 3.4). */
export async function wireTape(
  context: SandboxContext,
  user: SandboxUser,
  tape: TapeRecord,
): Promise<Record<string, unknown>> {
  const files: string[] = [];
  for await (const { id } of context.store.list('taped', keyOf(tape.owner, tape.name, ''))) files.push(id);
  const name = tape.owner === user.username ? tape.name : `${tape.owner}/${tape.name}`;
  return { id: tape.id, name, live: tape.live, shared_with: tape.shared_with, files };
}
