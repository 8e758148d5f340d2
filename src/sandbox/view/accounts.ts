import type { SandboxUser } from '../core/config.js';
import type { SandboxContext } from '../core/context.js';
import { Failure } from '../core/failure.js';

// wire document section 5

/**
 * The account of an e-mail address: the user with this address, or else a placeholder. A placeholder has a quota, but nobody can
 * sign in to it: its name is not a username.
 * @throws {Failure} 400 if it is not an e-mail address. So a document id is never an address, and their signatures differ
 */
export function accountOf({ users }: SandboxContext, email: string): SandboxUser {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression matches control characters on purpose
  if (email.length > 320 || !/^[^\u0000-\u001f\u007f]+@[^\u0000-\u001f\u007f]+$/.test(email)) {
    throw new Failure(400, 'dt_target is not an e-mail address');
  }
  const address = inLowerCase(email);
  for (const user of users.values()) if (user.email !== undefined && inLowerCase(user.email) === address) return user;
  return { username: placeholderOf(address), password: '', email: address };
}

/** The name is stable, so that later uploads and other processes find the same account. It contains no slash. */
function placeholderOf(address: string): string {
  return `mail:${encodeURIComponent(address)}`;
}

/** ASCII only: `toLowerCase` maps characters such as the Kelvin sign to letters of other addresses. */
function inLowerCase(email: string): string {
  return email.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
