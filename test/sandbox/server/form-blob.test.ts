import { expect, it } from 'vitest';
import { formBlob } from '../../../src/sandbox/server/form-blob.js';

async function entries(body: BodyInit) {
  const form = await new Response(body).formData();
  return Promise.all(
    [...form].map(async ([name, value]) =>
      typeof value === 'string' ? [name, value] : [name, value.name, value.type, await value.text()],
    ),
  );
}

it('a form is encoded as the platform encodes it', async () => {
  const form = new FormData();
  form.append('plain', 'text');
  form.append('lines', 'one\ntwo\rthree\r\nfour');
  form.append('quoted "name"', 'ü 😀');
  form.append('file', new File(['--form-boundary\r\n'], 'a "b" ü.txt', { type: 'text/plain' }));
  form.append('file', new Blob(['bytes']));
  expect(await entries(formBlob(form))).toEqual(await entries(form));
});

it('a form without fields is encoded as one', async () => {
  expect(await entries(formBlob(new FormData()))).toEqual([]);
});
