import { expect, it } from 'vitest';

import { run, signedIn, startOnTerminal, useHome } from '../user.js';

useHome();

it('continues with the other files when one fails, and exits with 1', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
  const { code, stdout, stderr } = await run(['rm', '--yes', 'nothing', id]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: `Deleted ${id}\n` });
  expect(stderr).toMatch(/^doctape-sdk: nothing: [^\n]+\n$/);
});

it.runIf(process.platform === 'linux')('asks for confirmation on a terminal before it deletes', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
  const keep = startOnTerminal(['rm', id]);
  await expect.poll(keep.stdout).toContain('Delete a.txt permanently?');
  keep.child.stdin?.write('n');
  expect(await keep.ended).toBe(0);
  expect(keep.stdout()).toContain('Kept a.txt');
  const keepInJson = startOnTerminal(['rm', '--json', id]);
  await expect.poll(keepInJson.stdout).toContain('Delete a.txt permanently?');
  keepInJson.child.stdin?.write('n');
  expect(await keepInJson.ended).toBe(0);
  expect(keepInJson.stdout()).toContain(`\n${JSON.stringify({ file: id, id, deleted: false })}\r\n`);
  const cancel = startOnTerminal(['rm', id, id]);
  await expect.poll(cancel.stdout).toContain('Delete a.txt permanently?');
  cancel.child.stdin?.write('\u0003');
  expect(await cancel.ended).toBe(130);
  expect(await api.files.list()).toHaveLength(1);
  const remove = startOnTerminal(['rm', id]);
  await expect.poll(remove.stdout).toContain('Delete a.txt permanently?');
  remove.child.stdin?.write('y');
  expect(await remove.ended).toBe(0);
  expect(await api.files.list()).toEqual([]);
});

it.runIf(process.platform === 'linux')('does not prompt on a terminal that cannot erase lines', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new Blob(['x']), { name: 'a.txt' });
  const remove = startOnTerminal(['rm', id], { TERM: 'dumb' });
  expect(await remove.ended).toBe(2);
  expect(remove.stdout()).toMatch(/^doctape-sdk: rm needs --yes[^\n\p{Cc}]+\r\n$/u);
  expect(await api.files.list()).toHaveLength(1);
});
