import { expect } from 'vitest';
import { goToSignIn, type Site, type Visitor, visitor } from './visitor.js';

/** The names of the cookies of pending sign-ins. */
function pendingCookies({ cookies }: Visitor): string[] {
  return Array.from(cookies.keys()).filter((name) => /^(__Host-)?doctape-/.test(name));
}

/**
 * Checks that two tabs of one browser can sign in at the same time, in either order, and that abandoned sign-ins neither
 * prevent a sign-in nor make the Cookie header grow.
 *
 * @param path the route that starts a sign-in
 */
export async function checkTwoTabs(address: string, path: string, site?: Site): Promise<void> {
  const someone = visitor(address, site);
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const callbacks = [await goToSignIn(someone, path), await goToSignIn(someone, path)];
    expect(pendingCookies(someone)).toHaveLength(2);
    for (const tab of order) expect((await someone.get(callbacks[tab] ?? '')).status).toBe(303);
    expect(pendingCookies(someone)).toEqual([]);
  }

  const denied = await goToSignIn(someone, path, 'deny');
  const allowed = await goToSignIn(someone, path);
  expect((await someone.get(denied)).status).toBe(403);
  expect((await someone.get(allowed)).status).toBe(303);

  for (let attempt = 0; attempt < 12; attempt++) await someone.get(path);
  const last = await goToSignIn(someone, path);
  expect(pendingCookies(someone).length).toBeLessThanOrEqual(4);
  const header = [...someone.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  expect(header.length).toBeLessThan(4_000);
  expect((await someone.get(last)).status).toBe(303);
}
