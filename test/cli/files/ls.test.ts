import stringWidth from 'string-width';
import { expect, it } from 'vitest';

import { anyFile, run, signedIn, start, startOnTerminal, useHome, useServer, useServerWithFile } from '../user.js';

useHome();

it('does not print control characters of a file name', async () => {
  await useServerWithFile('\u001b[2Jgone\r\n\u009b31mred \u202etxt.exe', 'txt');
  for (const args of [['ls'], ['ls', '--long'], ['download', 'x']]) {
    const { stdout, stderr } = await run(args);
    expect(stdout).toContain('gone');
    expect(stdout + stderr).not.toMatch(/(?!\n)\p{Cc}|[\u202a-\u202e]/u);
  }
  expect((await run(['ls'])).stdout.trimEnd().split('\n')).toHaveLength(2);
});

it('stops a list when stdout is closed, and exits with 0', async () => {
  let ended = false;
  await useServer((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"error":null,"result":{');
    const more = setInterval(() => response.write(`"x":${JSON.stringify({ ...anyFile, name: 'x' })},`), 1);
    request.socket.once('close', () => {
      clearInterval(more);
      ended = true;
    });
  });
  const listing = start(['ls', '--json']);
  await expect.poll(listing.stdout).toContain('"name":"x"');
  listing.child.stdout?.destroy();
  expect(await listing.ended).toBe(0);
  expect(listing.stderr()).toBe('');
  await expect.poll(() => ended).toBe(true);
});

it('escapes control characters in JSON, without loss', async () => {
  const name = '\u001b[2J\u007f\u009b31m\u061c\u200f\u202e\u2066\u2028\ufeff größe 👨‍👩‍👧';
  await useServerWithFile(name);
  for (const args of [
    ['ls', '--json'],
    ['download', 'x', '--json', '--output', `${name}.txt`],
  ]) {
    const { stdout, stderr } = await run(args);
    expect(stderr).toBe('');
    expect(stdout).not.toMatch(/(?!\n)\p{Cc}|[\p{Bidi_Control}\u2028\ufeff]/u);
    expect(Object.values(JSON.parse(stdout)).join()).toContain(name);
    expect(stdout).toContain('größe 👨‍👩‍👧');
  }
});

it('filters and sorts', async () => {
  const { api } = await signedIn();
  await api.files.upload(new File(['1'.repeat(2_000)], 'b10.txt'), { tags: ['x', 'y'] });
  await api.files.upload(new File(['22'], 'B9.txt'), { tags: ['x'], starred: true });
  await api.files.upload(new File(['333'], 'a.png'));
  const { id } = (await api.files.list()).find(({ name }) => name === 'a') ?? { id: '' };
  await api.files.publish(id);
  const namesOf = async (...args: string[]) => {
    const { code, stdout } = await run(['ls', '--json', ...args]);
    expect([args, code]).toEqual([args, 0]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line).name).join(' ');
  };
  expect(await namesOf('--sort', 'name')).toBe('a B9 b10');
  expect(await namesOf('--sort', 'name', '-r')).toBe('b10 B9 a');
  expect(await namesOf('--sort', 'size')).toBe('b10 a B9');
  expect(await namesOf('--sort', 'kind')).toBe('B9 b10 a');
  expect(await namesOf('*.TXT', '--sort', 'name')).toBe('B9 b10');
  expect(await namesOf('b', '--sort', 'name')).toBe('B9 b10');
  expect(await namesOf('--tag', 'x', '-t', 'y')).toBe('b10');
  expect(await namesOf('--starred')).toBe('B9');
  expect(await namesOf('--public')).toBe('a');
  expect(await namesOf('--shared')).toBe('');
  expect(await namesOf('--kind', 'image')).toBe('a');
  expect(await namesOf('--min-size', '2kB', '--max-size', '1MiB')).toBe('b10');
  expect(await namesOf('--max-size', '1.5kB', '--sort', 'size')).toBe('a B9');
  expect(await namesOf('--since', '1d', '--before', '2999-01-01', '--sort', 'name')).toBe('a B9 b10');
  expect(await namesOf('--before', '2014-05-01T12:00Z')).toBe('');
  expect(await run(['ls', 'nothing'])).toEqual({ code: 0, stdout: '', stderr: 'No files were found.\n' });
});

it.runIf(process.platform === 'linux')('fits the terminal, and keeps the extensions of names', async () => {
  const { api } = await signedIn();
  const { id } = await api.files.upload(new File(['x'], 'größe 日本語 a long name about the holiday in Wales.jpg'));
  for (const columns of [40, 80, 160]) {
    for (const args of [['ls'], ['ls', '--long']]) {
      const listing = startOnTerminal(args, { TERM: 'xterm' }, columns);
      expect(await listing.ended).toBe(0);
      const lines = listing.stdout().trimEnd().split('\r\n');
      expect(lines).toHaveLength(2);
      expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(columns);
      expect(lines[1]).toMatch(/^[0-9a-f]{8}.* größe 日本.*(…|Wales).*\.jpg +1 B/);
      if (columns === 160) expect(lines[1]).toContain(id);
    }
  }
});
