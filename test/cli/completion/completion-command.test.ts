import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { requires } from '../../support/requirements.js';
import { cwd, run, useHome } from '../user.js';

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
