import { spawn, spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { requires } from '../../support/requirements.js';
import { cwd, run, started, useHome } from '../user.js';

useHome();

/** The words that bash completes a command line with. */
async function completed(...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(['completion', 'bash']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  await writeFile(join(cwd, 'completion.bash'), stdout);
  const line = words.map((word) => `'${word}'`).join(' ');
  const script = `. ./completion.bash; COMP_WORDS=(doctape-sdk ${line}); COMP_CWORD=${words.length}; _doctape_sdk; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const bash = spawnSync('bash', ['--norc', '-c', script], { cwd, encoding: 'utf8' });
  expect([bash.stderr, bash.status]).toEqual(['', 0]);
  return bash.stdout.split('\n').filter((word) => word !== '');
}

it('completes commands, options, values and local files in bash', requires('bash'), async () => {
  await writeFile(join(cwd, 'a file.txt'), '');
  expect(await completed('u')).toEqual(['url', 'unpublish', 'upload']);
  expect(await completed('ls', '--s')).toEqual(['--sort', '--starred', '--shared', '--since']);
  expect(await completed('ls', '--sort', '')).toEqual(['name', 'date', 'size', 'kind']);
  expect(await completed('download', 'x', '--rendition', 'thumb_1')).toEqual(['thumb_120.jpg']);
  expect(await completed('url', 'x', 'audio')).toEqual(['audio.mp3']);
  expect(await completed('upload', 'a')).toEqual(['a file.txt']);
  expect(await completed('download', '-o', 'a')).toEqual(['a file.txt']);
  expect(await completed('completion', '')).toContain('fish');
  expect(await completed('help', 'who')).toEqual(['whoami']);
});

for (const shell of ['zsh', 'fish'] as const) {
  it(`prints a script that ${shell} can parse`, requires(shell), async () => {
    const { code, stdout, stderr } = await run(['completion', shell]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const word of ['unpublish', 'recursive', 'thumb_320.jpg', 'continue interrupted downloads'])
      expect(stdout).toContain(word);
    await writeFile(join(cwd, 'script'), stdout);
    const { status, stderr: problems } = spawnSync(shell, ['-n', 'script'], { cwd, encoding: 'utf8' });
    expect([status, problems]).toEqual([0, '']);
  });
}

it('completes commands and values in fish', requires('fish'), async () => {
  await writeFile(join(cwd, 'script'), (await run(['completion', 'fish'])).stdout);
  const complete = (line: string) =>
    spawnSync('fish', ['--no-config', '-c', `source script; complete -C '${line}'`], { cwd, encoding: 'utf8' }).stdout;
  expect(complete('doctape-sdk unp')).toBe('unpublish\tmake published files private again\n');
  expect(complete('doctape-sdk ls --sort ki')).toMatch(/^kind\b.*\n$/);
});

it('completes values after an equals sign in bash, which splits the word there', requires('bash'), async () => {
  await writeFile(join(cwd, 'a file.txt'), '');
  expect(await completed('ls', '--sort', '=')).toEqual(['name', 'date', 'size', 'kind']);
  expect(await completed('ls', '--sort', '=', 'si')).toEqual(['size']);
  expect(await completed('download', '--output', '=', 'a')).toEqual(['a file.txt']);
});

it('completes local files only where a path is expected', requires('bash'), async () => {
  await writeFile(join(cwd, 'a file.txt'), '');
  expect(await completed('ls', '--tag', '')).toEqual([]);
  expect(await completed('sandbox', '--port', '')).toEqual([]);
  expect(await completed('sandbox', '--data', 'a')).toEqual(['a file.txt']);
});

it('takes only the first word for the command in fish', requires('fish'), async () => {
  await writeFile(join(cwd, 'script'), (await run(['completion', 'fish'])).stdout);
  const { stdout } = spawnSync(
    'fish',
    ['--no-config', '-c', `source script; complete -C 'doctape-sdk upload tag --'`],
    {
      ...{ cwd, encoding: 'utf8' },
    },
  );
  expect(stdout).toContain('--recursive');
  expect(stdout).not.toContain('--delete');
});

it('completes commands, options and values in zsh', requires('zsh'), async () => {
  await writeFile(join(cwd, '_doctape-sdk'), (await run(['completion', 'zsh'])).stdout);
  await writeFile(join(cwd, 'photo.jpg'), '');
  const zsh = spawn('script', ['-qefc', 'stty cols 120; exec zsh -f -i', '/dev/null'], { cwd });
  const { stdout } = started(zsh, undefined);
  zsh.stdin.write(
    "fpath=($PWD $fpath); autoload -U compinit; compinit -u -D; bindkey '^I' expand-or-complete; PS1='rea''dy> '\n",
  );
  await expect.poll(stdout).toContain('ready> ');
  const completes = async (line: string, expected: RegExp) => {
    const before = stdout().length;
    zsh.stdin.write(`${line}\t`);
    await expect.poll(() => stripVTControlCharacters(stdout().slice(before))).toMatch(expected);
    zsh.stdin.write('\u0015');
  };
  await completes('doctape-sdk unp', /unpublish/);
  await completes('doctape-sdk ls --sort ki', /kind/);
  await completes('doctape-sdk ls --sort=ki', /kind/);
  await completes('doctape-sdk upload pho', /photo\.jpg/);
  await completes('doctape-sdk ls --starr', /--starred/);
});
