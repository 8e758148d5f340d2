import { execFile } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { blocksOf, recipes } from '../../docs/pages.js';
import { linkPackage } from '../../support/packed-package.js';
import { inPackage, repository } from '../../support/paths.js';

// The code of docs/recipes.md, as it is printed, except for the URL of the sandbox.

/** The files of each recipe, in the order of their blocks, and the packages that it needs. */
export const projects: Record<string, { files: string[]; packages: string[] }> = {
  Passport: {
    files: ['app.ts'],
    packages: [
      ...['express', 'express-session', 'passport', 'passport-oauth2'],
      ...['@types/express', '@types/express-session', '@types/passport', '@types/passport-oauth2'],
    ],
  },
  'Auth.js': { files: ['auth.ts'], packages: ['@auth/core'] },
  React: { files: ['files.tsx'], packages: ['react', 'react-dom', '@types/react', '@types/react-dom'] },
  Vue: { files: ['useDoctape.ts', 'Files.vue'], packages: ['vue'] },
  unstorage: { files: ['doctape-driver.ts', 'program.ts'], packages: ['unstorage'] },
  'A client generated from OpenAPI': { files: ['program.ts'], packages: ['openapi-fetch'] },
};

/** Saves the files of a recipe in a new project, in which its packages are installed. @returns the folder, and a way to remove it */
export async function saveRecipe(
  name: string,
  sandboxUrl = 'http://127.0.0.1:4400',
): Promise<{ folder: string; remove: () => Promise<void> }> {
  const { files, packages } = projects[name] ?? { files: [], packages: [] };
  const blocks = blocksOf(recipes).filter(({ place }) => place.replace(/ \(\d+\)$/, '') === `${recipes}: ${name}`);
  const code = blocks.filter(({ language }) => ['ts', 'tsx', 'vue'].includes(language));
  if (code.length !== files.length) throw new Error(`${recipes}: ${name} has ${code.length} blocks of code`);
  const folder = await mkdtemp(join(tmpdir(), 'doctape-recipe-'));
  for (const [index, { text }] of code.entries()) {
    await writeFile(join(folder, files[index] ?? ''), text.replaceAll('http://127.0.0.1:4400', sandboxUrl));
  }
  for (const home of ['@types/node', 'undici-types']) await linkPackage(home, folder);
  for (const home of packages) await linkPackage(home, folder, 'test/consumers');
  await symlink(repository, join(folder, 'node_modules/doctape-sdk'), 'junction');
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  for (const { text } of blocks.filter(({ language }) => language === 'sh')) await runCommand(text, folder);
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Runs `npx openapi-typescript`, the only command of the recipes, without downloading it. */
async function runCommand(text: string, folder: string): Promise<void> {
  const [npx, name, ...args] = text.trim().split(' ');
  if (npx !== 'npx' || name !== 'openapi-typescript') throw new Error(`an unknown command: ${text}`);
  const cli = inPackage('openapi-typescript/bin/cli.js', 'test/consumers');
  await promisify(execFile)(process.execPath, [cli, ...args], { cwd: folder });
}
