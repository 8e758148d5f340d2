import { spawn } from 'node:child_process';
import { mkdir, utimes, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { bodyOf, reply, servedForTest } from '../../support/scripted-server.js';
import {
  command,
  content,
  cwd,
  environment,
  logIn,
  run,
  signedIn,
  start,
  started,
  startOnTerminal,
  useHome,
  useServer,
} from '../user.js';

useHome();

it.runIf(process.platform === 'linux')('shows a progress bar on a terminal, and erases it', async () => {
  await signedIn();
  await writeFile(join(cwd, 'large.bin'), content);
  const upload = startOnTerminal(['upload', 'large.bin']);
  expect(await upload.ended).toBe(0);
  expect(upload.stdout()).toMatch(/━ {2}6 MB of 6 MB {2}([\d.]+ [kM]?B\/s {2}\d+ s left {2})?large\.bin/);
  expect(upload.stdout()).toMatch(/\r\p{Cc}\[2KUploaded large\.bin, 6 MB: \S+\r\n$/u);
});

it.runIf(process.platform === 'linux')('does not show a progress bar on a terminal that cannot erase it', async () => {
  await signedIn();
  await writeFile(join(cwd, 'large.bin'), content);
  const upload = startOnTerminal(['upload', 'large.bin'], { TERM: 'dumb' });
  expect(await upload.ended).toBe(0);
  expect(upload.stdout()).toMatch(/^Uploaded large\.bin, 6 MB: \S+\r\n$/);
});

it('uploads the files of a folder that patterns select, with tags and a star', async () => {
  const { api } = await signedIn();
  await mkdir(join(cwd, 'photos/2013'), { recursive: true });
  for (const path of ['a.jpg', 'b.tmp', '.hidden.jpg', '2013/c.jpg']) await writeFile(join(cwd, 'photos', path), path);
  const args = ['upload', '-r', 'photos', '--exclude', '*.tmp', '-t', 'holiday', '--tag', '#tape', '--star'];
  const { code, stdout, stderr } = await run(args);
  expect(code).toBe(0);
  expect(stdout.trimEnd().split('\n').sort()).toEqual([
    expect.stringMatching(/^Uploaded 2013\/c\.jpg, 10 B: /),
    expect.stringMatching(/^Uploaded a\.jpg, 5 B: /),
  ]);
  expect(stderr).toMatch(/^Uploaded 2 of 2 files, 15 B in [^\n]+\n$/);
  for (const file of await api.files.list()) expect(file).toMatchObject({ tags: ['holiday', '#tape'], starred: true });
  const hidden = await run(['upload', '-r', 'photos', '--include', '.hidden*', '--hidden', '--json']);
  expect(JSON.parse(hidden.stdout)).toMatchObject({ path: '.hidden.jpg', size: 11 });
  expect(await run(['upload', '-r', 'photos', '--include', '*.mp4'])).toEqual({
    ...{ code: 0, stdout: '' },
    stderr: 'There are no files to upload.\n',
  });
  const folder = await run(['upload', 'photos']);
  expect(folder).toMatchObject({ code: 1, stderr: expect.stringContaining('add --recursive') });
});

it('uploads stdin', async () => {
  const { api } = await signedIn();
  const { code, stdout } = await run(['upload', '-', '--name', 'größe.txt', '--json'], { input: 'from a pipe' });
  expect(code).toBe(0);
  const { id } = JSON.parse(stdout);
  expect(await (await api.files.download(id)).text()).toBe('from a pipe');
  expect(await api.files.get(id)).toMatchObject({ name: 'größe', extension: 'txt', media_type: 'document' });
});

it('does not start further uploads when the token is refused in the middle, and says which were not tried', async () => {
  let uploads = 0;
  await useServer(async (request, response) => {
    await bodyOf(request);
    const isAccepted = ++uploads <= 3;
    if (!isAccepted) return reply(response, 401, { error: { code: 401, message: 'expired' }, result: null });
    reply(response, 200, { error: null, result: { [uploads]: { id: String(uploads), name: 'x', size: '1' } } });
  });
  const names = Array.from({ length: 10 }, (_, index) => `${index}.txt`);
  for (const name of names) await writeFile(join(cwd, name), name);
  const { code, stdout, stderr } = await run(['upload', '--json', ...names]);
  expect(code).toBe(1);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ path }) => path).sort()).toEqual(names);
  expect(lines.filter(({ id }) => id !== undefined)).toHaveLength(3);
  const codes = lines.flatMap(({ error }) => error?.code ?? []);
  expect(codes.filter((one) => one === 'not_tried').length).toBe(10 - uploads);
  expect(uploads).toBeLessThan(10);
  expect(stderr.match(/no longer signed in/g)).toHaveLength(1);
});

it('reports each file for which the account has no room, and uploads the others', async () => {
  const served = await servedForTest({ users: [{ username: 'alice', password: 'wonderland', quota: 1_000 }] });
  expect((await logIn(served.url)).code).toBe(0);
  await writeFile(join(cwd, 'large.bin'), new Uint8Array(5_000));
  await writeFile(join(cwd, 'small.txt'), 'x');
  const { code, stdout, stderr } = await run(['upload', 'large.bin', 'small.txt']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: expect.stringMatching(/^Uploaded small\.txt, 1 B: \S+\n$/) });
  expect(stderr).toMatch(
    /^doctape-sdk: large\.bin: [^\n]*413[^\n]*\nUploaded 1 of 2 files, [^\n]+\n1 failed: large\.bin\n$/,
  );
});

it.runIf(process.platform === 'linux')('shows one line for all files and one for each running file', async () => {
  const requests: ServerResponse[] = [];
  await useServer(async (request, response) => {
    request.resume();
    requests.push(response);
  });
  for (const name of ['a.bin', 'b.bin', '\u001b[31mred\u202e.bin']) await writeFile(join(cwd, name), content);
  const upload = startOnTerminal(['upload', '-r', '.']);
  await expect.poll(() => requests.length).toBe(3);
  await expect.poll(upload.stdout).toMatch(/0 files {2}[\d.]+ MB of 18 MB {2}[\d.]+ [kM]?B\/s.*\r\n/);
  // the files are opened in any order
  for (const name of ['a', 'b'])
    await expect.poll(upload.stdout).toMatch(new RegExp(`[━─]{24} {2}[\\d.]+ [kM]?B of 6 MB {2}${name}\\.bin`));
  await expect.poll(upload.stdout).toContain('\ufffd[31mred\ufffd.bin');
  expect(upload.stdout()).not.toContain('\u001b[31m');
  await expect.poll(() => requests.every(({ req }) => req.complete)).toBe(true);
  for (const [index, response] of requests.entries()) {
    reply(response, 200, { error: null, result: { [index]: { id: String(index), name: 'x', size: '1' } } });
  }
  expect(await upload.ended).toBe(0);
  expect(upload.stdout()).toMatch(/\nUploaded 3 of 3 files, 18 MB in [^\n]+\r\n$/);
});

for (const [what, args] of [
  ['files', ['a.txt', 'b.txt']],
  ['a folder', ['-r', '.']],
] as const) {
  it(`says after Ctrl+C how to continue the upload of ${what}`, async () => {
    let first: ServerResponse | undefined;
    await useServer((request, response) => {
      request.resume();
      first = response;
    });
    for (const name of ['a.txt', 'b.txt']) await writeFile(join(cwd, name), name);
    const upload = start(['upload', '--quiet', ...args]);
    await expect.poll(() => first).toBeDefined();
    upload.child.kill('SIGINT');
    expect(await upload.ended).toBe(130);
    expect(upload.stderr()).toBe(
      'Stopped. Files that are not listed may be missing: add --skip-existing to upload only these.\n',
    );
  });
}

it('leaves out files that the server has, and uploads those that are new or have changed', async () => {
  const { api } = await signedIn();
  await mkdir(join(cwd, 'photos/2013'), { recursive: true });
  const paths = ['a.txt', '2013/a.txt', 'space .txt', 'gro\u0308\u00dfe.txt', 'back\\slash.txt'];
  const write = async (path: string, content: string) => writeFile(join(cwd, 'photos', path), content);
  for (const path of paths) await write(path, 'x');
  const again = ['upload', '-r', 'photos', '--skip-existing', '--json'];
  const linesOf = async (args: string[]) =>
    (await run(args)).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  expect((await run(['upload', '-r', 'photos'])).code).toBe(0);
  const first = await api.files.list();
  expect(first).toHaveLength(5);
  const lines = await linesOf(again);
  expect(lines.map(({ path, unchanged }) => [path, unchanged]).sort()).toEqual(
    paths.map((path) => [path, true]).sort(),
  );
  expect(lines.map(({ id }) => id).sort()).toEqual(first.map(({ id }) => id).sort());

  // two files of the same name and size need two files on the server
  await mkdir(join(cwd, 'photos/2014'));
  await write('2014/a.txt', 'x');
  await write('space .txt', 'longer');
  await sleep(1_100); // the times of the server are whole seconds
  await write('back\\slash.txt', 'y');
  const future = new Date('2076-01-01');
  await utimes(join(cwd, 'photos', 'gro\u0308\u00dfe.txt'), future, future);
  const changed = (await linesOf(again)).filter(({ unchanged }) => !unchanged).map(({ path }) => path);
  expect(changed.sort()).toEqual([expect.stringMatching(/a\.txt$/), 'back\\slash.txt', 'space .txt'].sort());
  expect(await api.files.list()).toHaveLength(8);

  const two = await run(['upload', 'photos/a.txt', 'photos/2013/a.txt', '--skip-existing']);
  expect(
    two.stdout
      .replace(/: \S{36}$/gm, '')
      .split('\n')
      .sort(),
  ).toEqual(['', 'Unchanged: photos/2013/a.txt, 1 B', 'Unchanged: photos/a.txt, 1 B'].sort());
  expect(await run(['upload', '-', '--name', 'x', '--skip-existing'])).toMatchObject({ code: 2 });
});

it('names the local path, and the name on the server if it is another one', async () => {
  await signedIn();
  await mkdir(join(cwd, 'notes/old'), { recursive: true });
  for (const path of ['a.txt', 'old/a.txt', 'back\\slash.txt']) await writeFile(join(cwd, 'notes', path), 'x');
  const { stdout } = await run(['upload', '-r', 'notes']);
  expect(
    stdout
      .replace(/, 1 B: \S+$/gm, '')
      .trimEnd()
      .split('\n')
      .sort(),
  ).toEqual(['Uploaded a.txt', 'Uploaded back\\slash.txt as slash.txt', 'Uploaded old/a.txt']);
});

it('refuses to read a folder or a named pipe, which would be uploaded as an empty file', async () => {
  const { api } = await signedIn();
  const upload = async (text: string) => {
    const line = spawn('bash', ['-c', `"$0" "$1" upload ${text}`, process.execPath, command], {
      cwd,
      env: environment({}),
    });
    const { ended, stderr } = started(line, undefined);
    return { code: await ended, stderr: stderr() };
  };
  expect(await upload('- --name x.txt < .')).toEqual({ code: 1, stderr: 'doctape-sdk: -: stdin is a folder\n' });
  expect(await upload('<(echo hello)')).toEqual({
    code: 1,
    stderr: expect.stringContaining('read it with `upload - --name NAME < FILE`'),
  });
  expect(await api.files.list()).toEqual([]);
});

it.runIf(process.platform === 'linux')('does not draw progress over what the user types', async () => {
  const { api } = await signedIn();
  const upload = startOnTerminal(['upload', '-', '--name', 'typed.txt']);
  await expect.poll(upload.stdout).toContain('Press Ctrl+D at the end.\r\n');
  upload.child.stdin?.write('hello\n');
  await sleep(500);
  expect(upload.stdout()).not.toMatch(/[━─]/);
  upload.child.stdin?.write('\u0004');
  expect(await upload.ended).toBe(0);
  expect(await api.files.list()).toMatchObject([{ name: 'typed', size: 6 }]);
});
