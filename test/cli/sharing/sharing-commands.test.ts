import { expect, it } from 'vitest';
import { allScopes, tokenFor } from '../../support/sandbox.js';
import { apiAt, servedForTest } from '../../support/scripted-server.js';
import { logIn, run, signedIn, useHome } from '../user.js';

useHome();

it('publishes files, which anyone can open, and makes them private again', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new File(['hello'], 'a.txt'));
  const { code, stdout } = await run(['publish', 'a.txt']);
  expect(code).toBe(0);
  expect((await fetch(stdout.trim())).status).toBe(200);
  expect(JSON.parse((await run(['publish', '--json', id])).stdout)).toEqual({
    ...{ file: id, id },
    public_url: stdout.trim(),
  });
  expect(await run(['unpublish', 'a.txt'])).toEqual({ code: 0, stdout: 'a.txt is private again\n', stderr: '' });
  expect((await fetch(stdout.trim())).status).toBe(404);
});

it('shares a file and a tape with a user, and stops sharing', async () => {
  const served = await servedForTest();
  expect((await logIn(served.url)).code).toBe(0);
  const alice = apiAt(served.url, { token: await tokenFor(served.sandbox, 'alice', allScopes, served.url) });
  const bob = apiAt(served.url, { token: await tokenFor(served.sandbox, 'bob', allScopes, served.url) });
  const namesOf = async () => (await bob.files.list()).map(({ name }) => name).sort();
  await alice.files.upload(new File(['1'], 'one.txt'), { tags: ['kept'] });
  await alice.files.upload(new File(['2'], 'two.txt'), { tags: ['#trip'] });

  expect((await run(['share', 'one.txt', 'bob'])).stdout).toBe('one.txt is shared with bob\n');
  expect((await alice.files.list()).map(({ tags }) => tags)).toContainEqual(['kept', '+bob']);
  expect((await run(['share', '--tape', 'trip', 'bob'])).stdout).toBe('trip is shared with bob\n');
  expect(await namesOf()).toEqual(['one', 'two']);
  expect((await run(['tapes'])).stdout).toMatch(/^id +name +files +shared with\n\S+ +trip +1 +bob\n$/);
  expect((await run(['tapes', '#trip'])).stdout).toMatch(/two\.txt/);
  expect(JSON.parse((await run(['tapes', '--json'])).stdout)).toMatchObject({ name: 'trip', shared_with: ['bob'] });

  expect((await run(['share', '--delete', 'one.txt', 'bob'])).stdout).toBe('one.txt is shared with nobody\n');
  expect((await run(['share', '-d', '--tape', 'trip', 'bob'])).stdout).toBe('trip is shared with nobody\n');
  expect(await namesOf()).toEqual([]);
});

it('reports a tape that does not exist, and a user that the server does not know', async () => {
  const { api } = await signedIn();
  const nothing = await run(['tapes']);
  expect(nothing).toMatchObject({ code: 0, stdout: '', stderr: expect.stringContaining('doctape-sdk tag FILE --add') });
  await api.files.upload(new File(['2'], 'two.txt'), { tags: ['#trip'] });
  const missing = await run(['tapes', 'nothing']);
  expect(missing).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('no tape with this id or name'),
  });
  const unknown = await run(['share', '--tape', 'trip', 'nobody']);
  expect(unknown).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(/user names of other users\n$/) });
});
