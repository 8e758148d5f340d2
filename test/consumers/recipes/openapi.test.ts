import { join } from 'node:path';
import { beforeAll, expect, it, vi } from 'vitest';
import { makeJpeg, quarters } from '../../fixtures/make-image.js';
import { appOf, served, tokenFor } from '../../support/sandbox.js';
import { apiAt } from '../../support/scripted-server.js';
import { saveRecipe } from './recipe.js';

// A client that nobody here wrote: openapi-fetch, with types that openapi-typescript made of the document.

const { url, sandbox } = await served();

let recipe: { signInUrl(): URL; signIn(code: string): Promise<void>; keepImages(): Promise<void> };
beforeAll(async () => {
  const { folder, remove } = await saveRecipe('A client generated from OpenAPI', url);
  vi.stubEnv('DOCTAPE_SECRET', appOf(sandbox, 'server').clientSecret ?? '');
  recipe = await import(join(folder, 'program.ts'));
  return remove;
});

/** Signs in on the page. @returns the code on the page that follows */
async function codeFrom(start: URL): Promise<string> {
  const callback = await sandbox.authorize(start, { username: 'alice' });
  return callback.searchParams.get('code') ?? '';
}

it('signs in, lists, updates and deletes', async () => {
  const api = apiAt(url, { token: await tokenFor(sandbox, 'alice', undefined, url) });
  await api.files.upload(makeJpeg(20, 20, quarters(20, 20)), { name: 'photo.jpg', type: 'image/jpeg' });
  await api.files.upload(new Blob(['old']), { name: 'notes.txt', type: 'text/plain' });
  await expect(recipe.keepImages()).rejects.toThrow('Unauthorized');
  await expect(recipe.signIn('wrong')).rejects.toThrow('invalid_grant');
  await recipe.signIn(await codeFrom(recipe.signInUrl()));
  await recipe.keepImages();
  expect(await api.files.list()).toEqual([expect.objectContaining({ name: 'photo', starred: true })]);
});
