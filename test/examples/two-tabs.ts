import { expect } from 'vitest';
import { goToSignIn, type Site, type Visitor, visitor } from './visitor.js';

/** The cookies of sign-ins that are not finished. */
function begun({ cookies }: Visitor): string[] {
  return Array.from(cookies.keys()).filter((name) => /^(__Host-)?doctape-/.test(name));
}

/**
 * Two tabs of one browser that sign in at once both succeed, in either order, and sign-ins that are given up neither get in the
 * way nor make the header of the cookies grow.
 *
 * @param path where a sign-in begins
 */
export async function checkTwoTabs(address: string, path: string, site?: Site): Promise<void> {
  const someone = visitor(address, site);
  for (const order of [
    [0, 1],
    [1, 0],
  ]) {
    const callbacks = [await goToSignIn(someone, path), await goToSignIn(someone, path)];
    expect(begun(someone)).toHaveLength(2);
    for (const tab of order) expect((await someone.get(callbacks[tab] ?? '')).status).toBe(303);
    expect(begun(someone)).toEqual([]);
  }

  const denied = await goToSignIn(someone, path, 'deny');
  const allowed = await goToSignIn(someone, path);
  expect((await someone.get(denied)).status).toBe(403);
  expect((await someone.get(allowed)).status).toBe(303);

  for (let attempt = 0; attempt < 12; attempt++) await someone.get(path);
  const last = await goToSignIn(someone, path);
  expect(begun(someone).length).toBeLessThanOrEqual(4);
  const header = [...someone.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  expect(header.length).toBeLessThan(4_000);
  expect((await someone.get(last)).status).toBe(303);
}
