import type { FileInfo, Tape } from 'doctape-sdk';
import { isolated } from '../page/format.js';

// Who can open a file: a tag `+name` shares it with a user, and a tag `#name` with everybody who sees that collection.

/** The users that a file is shared with by name. */
export function peopleOf({ tags }: { tags: readonly string[] }): string[] {
  return tags.filter((tag) => tag.startsWith('+')).map((tag) => tag.slice(1));
}

/** The tags that do not share a file with a user by name. */
export function withoutPeople(tags: readonly string[]): string[] {
  return tags.filter((tag) => !tag.startsWith('+'));
}

/** The collections of the user that a file of theirs is in. */
export function collectionsOf({ id }: FileInfo, tapes: readonly Tape[]): Tape[] {
  return tapes.filter((tape) => isOwn(tape) && tape.files.includes(id));
}

/** A collection of another user has the name of its owner and a slash in front. */
export function isOwn({ name }: Tape): boolean {
  return !name.includes('/');
}

/** All users that a file of the user is shared with, in whichever way. */
export function readersOf(file: FileInfo, tapes: readonly Tape[]): string[] {
  const inCollections = collectionsOf(file, tapes).flatMap(({ shared_with }) => shared_with);
  return [...new Set([...peopleOf(file), ...inCollections])];
}

/** @param isPublic differs from the file while it is being published */
export function describeAudience(
  file: FileInfo,
  tapes: readonly Tape[],
  isPublic: boolean = file.public_url !== null,
): string {
  if (file.shared !== 0) return isPublic ? 'Shared with you. Anyone with the link can open it.' : 'Shared with you.';
  const readers = readersOf(file, tapes);
  if (isPublic && readers.length === 0) return 'Anyone with the link can open this file.';
  if (isPublic) return `You, ${listOf(readers)}, and everybody who has its link can open this file.`;
  return readers.length === 0 ? 'Only you can open this file.' : `Only you and ${listOf(readers)} can open this file.`;
}

export function listOf(names: readonly string[]): string {
  return new Intl.ListFormat('en').format(names.map(isolated));
}
