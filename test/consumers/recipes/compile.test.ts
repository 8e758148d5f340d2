import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { blocksOf, recipes } from '../../docs/pages.js';
import { inPackage } from '../../support/paths.js';
import { projects, saveRecipe } from './recipe.js';

const run = promisify(execFile);

it.each(Object.keys(projects))('the recipe for %s compiles with strict types', async (name) => {
  const { folder, remove } = await saveRecipe(name);
  onTestFinished(remove);
  const compilerOptions = {
    ...{ strict: true, noUncheckedIndexedAccess: true, noImplicitOverride: true, noEmit: true, skipLibCheck: true },
    ...{ target: 'es2023', module: 'esnext', moduleResolution: 'bundler', allowImportingTsExtensions: true },
    ...{ lib: ['es2023', 'dom', 'dom.iterable'], types: ['node'], jsx: 'react-jsx', verbatimModuleSyntax: true },
  };
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts', '*.tsx'] }));
  const tsc = run(process.execPath, [inPackage('@typescript/native/bin/tsc'), '-p', folder], { cwd: folder });
  expect(await tsc.catch((error: { stdout: string }) => error)).toEqual({ stdout: '', stderr: '' });
});

it('every block of code is in one of the recipes', () => {
  const places = blocksOf(recipes).map(({ place }) => place.replace(`${recipes}: `, '').replace(/ \(\d+\)$/, ''));
  expect([...new Set(places)]).toEqual(Object.keys(projects));
});
