import { expect, it } from 'vitest';

import { signedIn, startOnTerminal, terminate, useHome } from '../user.js';

useHome();

it.runIf(process.platform === 'linux')('ends a prompt on SIGTERM, and exits with 143', async () => {
  const { url, api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
  const removing = startOnTerminal(['rm', id, id]);
  await expect.poll(removing.stdout).toContain('Delete a.txt permanently?');
  await terminate(removing);
  expect(await removing.ended).toBe(143);
  expect(await api.files.list()).toHaveLength(1);
  const asking = startOnTerminal(['login', '--sandbox', url, '--client-id', 'my-app']);
  await expect.poll(asking.stdout).toContain('Client secret');
  await terminate(asking);
  expect(await asking.ended).toBe(143);
});

it.runIf(process.platform === 'linux')('treats the end of the input at a prompt as Ctrl+C', async () => {
  const { url, api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
  for (const [args, question] of [
    [['rm', id], 'Delete a.txt permanently?'],
    [['login', '--sandbox', url, '--client-id', 'my-app'], 'Client secret'],
    [['login', '--sandbox', url, '--paste'], 'Code'],
  ] as const) {
    const asking = startOnTerminal(args);
    await expect.poll(asking.stdout).toContain(question);
    asking.child.stdin?.write('\u0004');
    expect([question, await asking.ended]).toEqual([question, 130]);
  }
  expect(await api.files.list()).toHaveLength(1);
});
