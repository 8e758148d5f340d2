import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSandbox, memoryStore, type Store } from '../../../src/sandbox.js';
import { diskStore } from '../../../src/serve.js';
import { codeClient, tokenFor } from '../../support/sandbox.js';
import { allOf } from '../../support/store.js';

// Expired codes and tokens are deleted by later sign-ins, a few at a time.

const makers: [string, () => Promise<Store>][] = [
  ['memoryStore', async () => memoryStore()],
  [
    'diskStore',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'doctape-sweep-'));
      const store = diskStore(folder);
      onTestFinished(async () => {
        await store.close();
        await rm(folder, { recursive: true, force: true });
      });
      return store;
    },
  ],
];

const tenMinutes = 600_000;
const fiveYears = 5 * 365 * 24 * 3_600_000;

async function home(make: () => Promise<Store>) {
  const store = await make();
  const clock = { now: 1_400_000_000_000 };
  const sandbox = createSandbox({ store, now: () => clock.now, quirks: ['refresh-tokens'] });
  const client = codeClient(sandbox, undefined, { now: () => clock.now });
  const count = async (collection: 'codes' | 'tokens' | 'refreshes') =>
    (await allOf(store.list(collection, ''))).length;
  const authorize = async () => sandbox.authorize((await client.authorize()).url, { username: 'alice' });
  return { store, clock, sandbox, count, authorize };
}

describe.each(makers)('with a %s', (_, make) => {
  it('codes that nobody exchanged are deleted once they have expired', async () => {
    const { clock, count, authorize } = await home(make);
    for (let i = 0; i < 25; i++) await authorize();
    expect(await count('codes')).toBe(25);
    clock.now += tenMinutes - 1;
    await authorize();
    expect(await count('codes')).toBe(26);
    clock.now += 1;
    await authorize();
    expect(await count('codes')).toBe(17);
    await authorize();
    await authorize();
    expect(await count('codes')).toBe(4); // the one of the last minute, and three new ones
  });

  it('tokens and refresh tokens are deleted once they have expired', async () => {
    const { clock, sandbox, count } = await home(make);
    for (let i = 0; i < 12; i++) await tokenFor(sandbox, 'alice');
    expect([await count('tokens'), await count('refreshes')]).toEqual([12, 12]);
    clock.now += fiveYears + 24 * 3_600_000 * 2;
    await tokenFor(sandbox, 'alice');
    await tokenFor(sandbox, 'alice');
    expect([await count('codes'), await count('tokens'), await count('refreshes')]).toEqual([0, 2, 2]);
  });

  it('sign-ins at the same time all succeed, and leave no expired records behind for long', async () => {
    const { clock, sandbox, count, authorize } = await home(make);
    for (let i = 0; i < 30; i++) await authorize();
    clock.now += tenMinutes;
    const tokens = await Promise.all(Array.from({ length: 20 }, () => tokenFor(sandbox, 'alice')));
    expect(new Set(tokens.map((token) => token.access_token)).size).toBe(20);
    for (let i = 0; i < 3; i++) await tokenFor(sandbox, 'alice');
    expect(await count('codes')).toBe(0);
    expect(await count('tokens')).toBe(23);
  });

  it('an expired code is refused, whether it was swept or not', async () => {
    const { clock, sandbox } = await home(make);
    const client = codeClient(sandbox, undefined, { maxAge: 10_000 });
    const begun = await Promise.all([client.authorize(), client.authorize()]);
    const callbacks = await Promise.all(begun.map(({ url }) => sandbox.authorize(url, { username: 'alice' })));
    clock.now += tenMinutes;
    for (const [index, { pending }] of begun.entries()) {
      const exchange = client.exchange(callbacks[index] ?? '', pending);
      await expect(exchange).rejects.toMatchObject({ code: 'invalid_grant' });
      await tokenFor(sandbox, 'alice');
    }
  });
});
