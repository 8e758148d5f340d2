import { cp, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { goToSignIn, visitor } from '../../examples/visitor.js';
import { freePort } from '../../support/free-port.js';
import { linkPackage } from '../../support/packed-package.js';
import { inRepository } from '../../support/paths.js';
import { servedForTest } from '../../support/scripted-server.js';
import { type Machine, machine, type Running } from './machine.js';

/** A reader's machine with a clone of this repository: its build and its documentation. */
export async function clone(sandboxUrl: string): Promise<Machine> {
  const reader = await machine({ sandboxUrl });
  for (const name of ['dist', 'docs', 'README.md']) await symlink(inRepository(name), join(reader.folder, name));
  return reader;
}

/** The same, with the packages of an example installed. */
export async function cloneWith(packages: readonly string[], sandboxUrl: string): Promise<Machine> {
  const reader = await machine({ sandboxUrl, packages: ['jose'] });
  for (const name of packages) await linkPackage(name, reader.folder, 'test/consumers');
  await cp(inRepository('docs'), join(reader.folder, 'docs'), { recursive: true });
  return reader;
}

/** Waits until a condition is true, while a program runs. */
export async function until(running: Running, condition: () => unknown): Promise<void> {
  const over = running.ended.then(() => {
    throw new Error(`the program ended:\n${running.printed.join('\n')}`);
  });
  await Promise.race([expect.poll(condition).toBeTruthy(), over]);
}

/** Runs the commands that start an application, and signs in to it. */
export async function startApplication(
  text: string,
  makeClone: (sandboxUrl: string) => Promise<Machine> = clone,
): Promise<void> {
  const { url } = await servedForTest();
  const port = String(await freePort());
  const { start } = await makeClone(url);
  const replaced = text.replaceAll('http://127.0.0.1:4400', url).replaceAll('3000', port);
  const running = start('sh', ['-ec', replaced], { PORT: port });
  const someone = visitor(`http://localhost:${port}`);
  await until(running, () => someone.get('/').catch(() => undefined));
  await someone.get(await goToSignIn(someone, '/login'));
  expect(await (await someone.get('/')).text()).toContain('Files of alice');
}
