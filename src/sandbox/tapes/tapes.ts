import type { SandboxUser } from '../core/config.js';
import type { SandboxContext } from '../core/context.js';
import { exclusively } from '../core/exclusively.js';
import { Failure } from '../core/failure.js';
import { keyOf, type TapeRecord } from '../store/records.js';

/** Tapes: a file is on tape `x` when it has the tag `#x` (wire document section 7, choice 41). */

/** Makes the tapes that tags call for. `#owner/x` is somebody else's tape, and makes none. */
export async function joinTapes({ store }: SandboxContext, user: SandboxUser, tags: readonly string[]): Promise<void> {
  for (const tag of tags) {
    const name = /^#([^/]+)$/.exec(tag)?.[1];
    if (name === undefined || (await store.get('tapes', keyOf(user.username, name)))) continue;
    const tape = { id: crypto.randomUUID(), owner: user.username, name, live: true, shared_with: [] };
    await store.put('tapes', keyOf(user.username, name), tape);
  }
}

/** The tags of `owner` that put a file on a tape which `user` may see. */
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

/** A user's own tapes, then what others share with them. */
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
  if (owner !== user.username) throw new Failure(403, 'the tape belongs to somebody else');
  return exclusively(context, owner, async () => {
    const tape = await findTape(context, user, id);
    const { live = tape.live, shared_with = tape.shared_with } = changes;
    const unknown = shared_with.some((name) => !context.users.has(name) || name === owner);
    if (unknown) throw new Failure(400, 'shared_with must hold the names of other users');
    const changed = { ...tape, live, shared_with: [...new Set(shared_with)] };
    await context.store.put('tapes', keyOf(owner, tape.name), changed);
    return changed;
  });
}

/** The tape object, as it goes over the wire (wire document section 3.4). */
export async function wireTape(
  context: SandboxContext,
  user: SandboxUser,
  tape: TapeRecord,
): Promise<Record<string, unknown>> {
  const files: string[] = [];
  for await (const file of context.store.list('files', keyOf(tape.owner, ''))) {
    if (file.tags.includes(`#${tape.name}`)) files.push(file.id);
  }
  const name = tape.owner === user.username ? tape.name : `${tape.owner}/${tape.name}`;
  return { id: tape.id, name, live: tape.live, shared_with: tape.shared_with, files };
}
