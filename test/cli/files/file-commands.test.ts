import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { allScopes, tokenFor } from '../../support/sandbox.js';
import { reply, servedForTest } from '../../support/scripted-server.js';
import { cwd, home, run, signedIn, start, useHome, useServer } from '../user.js';

useHome();

it('renames a file, and keeps its extension', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new File(['x'], 'img_1.jpg'));
  expect(await run(['mv', 'img_1.jpg', 'beach.JPG'])).toEqual({
    code: 0,
    stdout: 'Renamed img_1.jpg to beach.jpg\n',
    stderr: '',
  });
  expect((await run(['mv', id, 'v1.2'])).stdout).toBe('Renamed beach.jpg to v1.2.jpg\n');
  for (const [name, problem] of [
    ['beach.png', 'must end with .jpg'],
    ['a/b.jpg', 'doctape has no folders'],
    [' ', 'is empty'],
  ] as const) {
    const { code, stderr } = await run(['mv', id, name]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(problem)]);
  }
  expect((await api.files.get(id)).name).toBe('v1.2');
});

it('adds and deletes tags, and keeps the others', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new File(['x'], 'a.txt'), { tags: ['old', '+bob'] });
  expect((await run(['tag', 'a.txt'])).stdout).toBe('a.txt: old +bob\n');
  expect((await run(['tag', 'a.txt', '-a', 'new', '--add', '#tape', '-d', 'old'])).stdout).toBe(
    'a.txt: +bob new #tape\n',
  );
  expect(JSON.parse((await run(['tag', '--json', id, '-d', 'new'])).stdout)).toEqual({
    ...{ file: id, id },
    tags: ['+bob', '#tape'],
  });
  expect(await run(['tag', id, '--add', '+carol'])).toMatchObject({ code: 2, stdout: '' });
});

it('stars files, and removes the star', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new File(['x'], 'a.txt'));
  expect((await run(['star', 'a.txt'])).stdout).toBe('Starred a.txt\n');
  expect((await api.files.get(id)).starred).toBe(true);
  expect((await run(['star', '--off', id])).stdout).toBe(`Removed the star of ${id}\n`);
  expect((await api.files.get(id)).starred).toBe(false);
});

it('lists the candidates if a name is ambiguous, and changes none of them', async () => {
  const { api } = await signedIn();
  const [one, two] = await api.files.uploadAll([new File(['1'], 'a.txt'), new File(['22'], 'a.txt')]);
  const { code, stdout, stderr } = await run(['rm', '--yes', 'a.txt']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^doctape-sdk: a\.txt: more than one file has this name, use an id: [^\n]+\n$/);
  for (const part of [one?.id ?? '?', '(1 B, ', two?.id ?? '?', '(2 B, ']) expect(stderr).toContain(part);
  expect(JSON.parse((await run(['star', '--json', 'a.txt'])).stdout)).toMatchObject({
    file: 'a.txt',
    error: { code: 'ambiguous_name' },
  });
  expect(await api.files.list()).toHaveLength(2);
  expect((await run(['rm', '--yes', one?.id.slice(0, 8) ?? ''])).code).toBe(0);
  expect((await api.files.list()).map(({ id }) => id)).toEqual([two?.id]);
});

it('treats a text that is an id as the id, although another file has this name', async () => {
  const files = {
    x: { id: 'x', name: 'a', extension: 'txt', size: 1, time_added: 1 },
    y: { id: 'y', name: 'x', extension: '', size: 1, time_added: 1 },
  };
  const paths: (string | undefined)[] = [];
  await useServer((request, response) => {
    paths.push(`${request.method} ${request.url}`);
    reply(response, 200, { error: null, result: request.method === 'GET' ? files : null });
  });
  expect((await run(['rm', '--yes', 'x', 'a.txt'])).code).toBe(0);
  expect(paths).toEqual(['GET /v1/doc', 'DELETE /v1/doc/x', 'DELETE /v1/doc/x']); // one list for all names
});

it('finds a name that the terminal decomposes, and suggests one that differs in case', async () => {
  const { api } = await signedIn();
  await api.files.upload(new File(['hello'], 'größe.txt'));
  expect((await run(['cat', 'größe.txt'.normalize('NFD')])).stdout).toBe('hello');
  expect((await run(['cat', 'GRÖßE.txt'])).stderr).toContain('did you mean größe.txt?');
  expect((await run(['cat', 'nothing'])).stderr).toContain('run `doctape-sdk ls`');
});

it('says to sign in again if the token lacks a scope', async () => {
  const { url, sandbox } = await servedForTest();
  const token = await tokenFor(
    sandbox,
    'alice',
    allScopes.filter((scope) => scope !== 'file.update'),
    url,
  );
  await mkdir(join(home, 'doctape-sdk'), { recursive: true });
  const session = { baseUrl: `${url}/v1`, authorizationEndpoint: '', tokenEndpoint: '', clientId: '', token };
  await writeFile(join(home, 'doctape-sdk/session.json'), JSON.stringify(session));
  const { code, stderr } = await run(['star', '00000000-0000-4000-8000-000000000000']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/: your sign-in does not permit this: run `npx doctape-sdk login` again\n$/);
});

it.skipIf(process.platform === 'win32')('opens a private file without giving the token to the browser', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new File(['<script>alert(1)</script>'], 'größe "1".html'));
  const bin = join(cwd, 'bin');
  await mkdir(bin);
  for (const name of ['xdg-open', 'open']) {
    await writeFile(
      join(bin, name),
      `#!/bin/sh\nprintf %s "$1" > '${cwd}/opened.new'\nmv '${cwd}/opened.new' '${cwd}/opened'\n`,
    );
    await chmod(join(bin, name), 0o755);
  }
  const opening = start(['open', id], { env: { PATH: `${bin}:${process.env.PATH}` } });
  await expect.poll(() => readFile(join(cwd, 'opened'), 'utf8').catch(() => '')).toMatch(/^http:\/\/127\.0\.0\.1:/);
  const url = await readFile(join(cwd, 'opened'), 'utf8');
  const { token } = JSON.parse(await readFile(join(home, 'doctape-sdk/session.json'), 'utf8'));
  expect(url).not.toContain(token.access_token);
  const response = await fetch(url);
  expect(await response.text()).toContain('alert(1)');
  expect(response.headers.get('content-security-policy')).toBe('sandbox');
  expect(response.headers.get('content-type')).toBe('text/html');
  expect((await fetch(new URL('/', url))).status).toBe(404);
  opening.child.kill('SIGINT');
  expect(await opening.ended).toBe(130);

  const { href } = await api.files.publish(id);
  const published = await run(['open', '--no-browser', id]);
  expect(published).toEqual({ code: 0, stdout: '', stderr: `${href}\n` });
});
