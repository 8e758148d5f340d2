import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { ApiClient } from '../../../src/index.js';
import { createSandbox, memoryStore, type Sandbox } from '../../../src/sandbox.js';
import { diskStore, serveSandbox } from '../../../src/serve.js';
import { type UploadFormOptions, ViewClient } from '../../../src/view.js';
import { origin, tokenFor } from '../../support/sandbox.js';
import { formOf, otherApp, vectorApp } from '../../support/view.js';

// What happens to a form with files: who gets them, what is answered, and what is posted back.

const users = [
  { username: 'alice', password: 'wonderland', email: 'Alice@Example.org' },
  { username: 'small', password: 'small', email: 'small@example.org', quota: 10 },
];
const apps = [vectorApp, otherApp];
const folders: string[] = [];
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

function viewOf(app: typeof vectorApp, sandbox: Sandbox): ViewClient {
  const { clientId, clientSecret } = app;
  return new ViewClient({ clientId, clientSecret, baseUrl: `${origin}/sandbox`, fetch: sandbox.fetch });
}

const sandbox = createSandbox({ users, apps });
const view = viewOf(vectorApp, sandbox);

/** Submits a form as a browser does. */
async function submit(
  options: UploadFormOptions,
  more: Record<string, string> = {},
  files: Record<string, File> = { photo: new File(['content'], 'a.txt', { type: 'text/plain' }) },
  client: ViewClient = view,
): Promise<Response> {
  const { action, fields } = client.uploadForm(options);
  const headers = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
  return sandbox.fetch(action, { method: 'POST', body: formOf({ ...fields, ...more }, files), headers });
}

const email = 'alice@example.org';

describe('an upload without a callback', () => {
  it('is answered with an array: field, id and size of each file, in the order of the form', async () => {
    const files = { b: new File(['12345'], 'b.txt'), a: new File(['1'], 'a.txt') };
    const response = await submit({ email }, { note: 'hello' }, files);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const id = expect.stringMatching(/^[\da-f-]{36}$/);
    expect(await response.json()).toEqual([
      { field: 'b', id, size: 5 },
      { field: 'a', id, size: 1 },
    ]);
  });

  // a browser sends an empty part for an empty file input (mscdex/busboy#145, expressjs/multer#3)
  it('is answered with an empty array if no file was chosen', async () => {
    expect(await (await submit({ email }, {}, { file: new File([], '') })).json()).toEqual([]);
    expect(await (await submit({ email }, {}, {})).json()).toEqual([]);
  });

  it('keeps an empty file that has a name', async () => {
    expect(await (await submit({ email }, {}, { file: new File([], 'empty.txt') })).json()).toMatchObject([
      { size: 0 },
    ]);
  });

  it('has embed URLs if it is lazy, which do not expire', async () => {
    const [{ embed }] = await (await submit({ email, lazy: true })).json();
    expect([...new URL(embed).searchParams.keys()]).toEqual(['app', 'multiauth']);
    expect((await sandbox.fetch(embed)).status).toBe(200);
  });

  it('leaves out the file that exceeds the quota, and stores the others', async () => {
    const files = {
      a: new File(['1234'], 'a.txt'),
      b: new File(['12345678'], 'b.txt'),
      c: new File(['123456'], 'c.txt'),
    };
    const results = await (await submit({ email: 'small@example.org' }, {}, files)).json();
    expect(results).toEqual([
      { field: 'a', id: expect.any(String), size: 4 },
      { field: 'b', id: null, size: 0, error: 'the quota is used up' },
      { field: 'c', id: expect.any(String), size: 6 },
    ]);
    expect(await (await view.download(results[2].id)).text()).toBe('123456');
    const small = await tokenOf('small');
    expect(await small.account.get()).toMatchObject({ quota_used: 10, quota_free: 0 });
  });

  it('refuses more text than a form needs', async () => {
    const more = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`f${index}`, 'x'.repeat(60_000)]));
    expect((await submit({ email }, more)).status).toBe(413);
    expect((await submit({ email }, { long: 'x'.repeat(70_000) })).status).toBe(413);
  });
});

async function tokenOf(username: string, of: Sandbox = sandbox): Promise<ApiClient> {
  return new ApiClient({ token: await tokenFor(of, username), baseUrl: `${origin}/v1`, fetch: of.fetch });
}

describe('an upload with a callback', () => {
  const callbackUrl = 'https://app.example/uploaded?from=form';
  const hiddenIn = (page: string) =>
    [...page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)].map(([, name = '', value = '']) => [
      name,
      value.replace(
        /&(quot|#39|lt|gt|amp);/g,
        (_, entity) => ({ quot: '"', '#39': "'", lt: '<', gt: '>', amp: '&' })[String(entity)] ?? '',
      ),
    ]);

  it('is answered with a page that posts the fields of the application and the documents', async () => {
    const { action, fields } = view.uploadForm({ email, callbackUrl, lazy: true });
    const form = formOf({ ...fields, note: 'hello' }, { photo: new File(['content'], 'a.txt') });
    form.append('tag', 'one');
    form.append('tag', 'two');
    const response = await sandbox.fetch(action, { method: 'POST', body: form });
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const page = await response.text();
    expect(page).toContain(`<form method="post" action="${callbackUrl}">`);
    const hidden = hiddenIn(page);
    expect(hidden.map(([name]) => name)).toEqual(['note', 'tag', 'tag', 'dt_docs', 'dt_docids']);
    expect(hidden[3]?.[1]).toBe(hidden[4]?.[1]);
    const [document] = view.parseCallback(new URLSearchParams(hidden as [string, string][]));
    expect(document).toMatchObject({ field: 'photo', size: 7, embedUrl: expect.any(URL) });
    expect((await view.get(document?.id ?? '')).name).toBe('a');
  });

  it('submits the form by itself only to a site that the application has registered', async () => {
    const registered = await submit({ email, callbackUrl });
    expect(await registered.text()).toContain('<script nonce=');
    expect(registered.headers.get('content-security-policy')).toMatch(/script-src 'nonce-[\da-f-]{36}'/);
    const local = await submit({ email, callbackUrl: 'http://localhost:8080/done' });
    expect(await local.text()).toContain('<script nonce=');
    for (const foreign of [
      'https://evil.example/',
      'https://app.example.evil.example/',
      'http://app.example/',
      'http://127.0.0.1/',
    ]) {
      const asked = await submit({ email, callbackUrl: foreign });
      const page = await asked.text();
      expect(page, foreign).not.toContain('<script');
      expect(page).toContain(`Continue to ${new URL(foreign).host}?`);
      expect(asked.headers.get('content-security-policy')).not.toContain('script-src');
      expect(asked.headers.get('x-frame-options')).toBe('DENY');
    }
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    '/relative',
    '//evil.example/',
    'https://user:password@app.example/',
    'ftp://app.example/',
    '',
    `https://app.example/${'x'.repeat(2_100)}`,
  ])('is refused if the callback is %s, and stores nothing', async (dt_callback_url) => {
    const own = createSandbox({ users, apps });
    const { action, fields } = viewOf(vectorApp, own).uploadForm({ email });
    const body = formOf({ ...fields, dt_callback_url }, { file: new File(['content'], 'a.txt') });
    expect((await own.fetch(action, { method: 'POST', body })).status).toBe(400);
    expect(await (await tokenOf('alice', own)).account.get()).toMatchObject({ quota_used: 0 });
    expect(await (await tokenOf('alice', own)).files.list()).toEqual([]);
  });

  // otherwise a form with dt_lazy in the wrong place would work, but have no embed URLs
  it.each([
    ['dt_lazy', '1'],
    ['dt_expires', '1'],
    ['dt_target', 'small@example.org'],
    ['dt_app', otherApp.clientId],
  ])('is refused if %s follows the files, and stores nothing', async (name, value) => {
    const own = createSandbox({ users, apps });
    const { action, fields } = viewOf(vectorApp, own).uploadForm({ email });
    const body = formOf(fields, { file: new File(['content'], 'a.txt') });
    body.append(name, value);
    const response = await own.fetch(action, { method: 'POST', body });
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining('must precede the files')]);
    expect(await (await tokenOf('alice', own)).account.get()).toMatchObject({ quota_used: 0 });
    expect(await (await tokenOf('alice', own)).files.list()).toEqual([]);
  });

  it('escapes names and values of the fields', async () => {
    const nasty = `"><script>alert('1')</script><img src=x onerror=alert(2)>&amp;`;
    const page = await (await submit({ email, callbackUrl }, { [nasty.replaceAll('"', '')]: nasty })).text();
    expect(page.match(/<script/g)).toHaveLength(1); // its own
    expect(page).not.toContain('<img');
    expect(hiddenIn(page)[0]?.[1]).toBe(nasty);
  });

  it('escapes the callback', async () => {
    const page = await (await submit({ email, callbackUrl: `https://app.example/?"onclick='x'<i>` })).text();
    expect(page).toContain('action="https://app.example/?%22onclick=%27x%27%3Ci%3E">');
  });

  it('leaves out all fields with the prefix of doctape', async () => {
    const more = { dt_docs: '[]', dt_docids: '[]', dt_anything: '1', own: '2' };
    const hidden = hiddenIn(await (await submit({ email, callbackUrl }, more)).text());
    expect(hidden.map(([name]) => name)).toEqual(['own', 'dt_docs', 'dt_docids']);
    expect(JSON.parse(hidden[1]?.[1] ?? '')).toHaveLength(1);
  });
});

describe('the account of the address', () => {
  it('is that of the user who has it, in any case of its letters', async () => {
    const [first] = await view.upload(email, [new File(['content'], 'letter.txt')]);
    const [second] = await view.upload('ALICE@EXAMPLE.ORG', [new File(['content'], 'second.txt')]);
    const alice = await tokenOf('alice');
    expect((await alice.files.get(first?.id ?? '')).name).toBe('letter');
    expect((await alice.files.get(second?.id ?? '')).name).toBe('second');
  });

  it('is not that of a user whose address only looks the same', async () => {
    const [document] = await view.upload('al\u0131ce@example.org', [new File(['content'], 'a.txt')]);
    await expect((await tokenOf('alice')).files.get(document?.id ?? '')).rejects.toMatchObject({ code: 'http_404' });
  });

  it('need not exist: the documents are kept, with a quota, where nobody can sign in', async () => {
    const [document] = await view.upload('nobody@example.org', [new File(['content'], 'a.txt')]);
    expect(await (await view.download(document?.id ?? '')).text()).toBe('content');
    for (const user of ['alice', 'small']) {
      await expect((await tokenOf(user)).files.get(document?.id ?? '')).rejects.toMatchObject({ code: 'http_404' });
    }
    const username = 'mail:nobody%40example.org';
    const signIn = new URL(`${origin}/oauth2`);
    await expect(sandbox.authorize(signIn, { username })).rejects.toThrow('username');
  });
});

describe('a document', () => {
  it('can be read by its application only', async () => {
    const [document] = await view.upload(email, [new File(['content'], 'a.txt')]);
    await expect(viewOf(otherApp, sandbox).get(document?.id ?? '')).rejects.toMatchObject({ code: 'http_404' });
  });

  it('stays in the account after unlink, which ends all access of the application', async () => {
    const [document] = await view.upload(email, [new File(['content'], 'kept.txt')]);
    const { id = '' } = document ?? {};
    await view.unlink(id);
    for (const path of [view.url(id), view.embedUrl(id)]) expect((await sandbox.fetch(path)).status).toBe(404);
    await expect(view.get(id)).rejects.toMatchObject({ code: 'http_404' });
    await expect(view.unlink(id)).rejects.toMatchObject({ code: 'http_404' });
    const alice = await tokenOf('alice');
    expect((await alice.files.get(id)).name).toBe('kept');
    await alice.files.delete(id);
  });

  it('is gone for the application if its owner deletes it', async () => {
    const [document] = await view.upload(email, [new File(['content'], 'a.txt')]);
    const { id = '' } = document ?? {};
    await (await tokenOf('alice')).files.delete(id);
    await expect(view.get(id)).rejects.toMatchObject({ code: 'http_404' });
    expect((await sandbox.fetch(view.embedUrl(id))).status).toBe(404);
  });

  it('is unlinked once, however many requests come at the same time', async () => {
    const [document] = await view.upload(email, [new File(['content'], 'a.txt')]);
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => view.unlink(document?.id ?? '')));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is not in a copy that its owner makes', async () => {
    const [document] = await view.upload(email, [new File(['content'], 'a.txt')]);
    const copy = await (await tokenOf('alice')).files.clone(document?.id ?? '');
    await expect(view.get(copy)).rejects.toMatchObject({ code: 'http_404' });
  });

  it('survives a restart, with the access of the application', async () => {
    const data = await mkdtemp(join(tmpdir(), 'doctape-view-'));
    folders.push(data);
    const settings = { port: 0, data, users, apps };
    const first = await serveSandbox(settings);
    const clientOf = (url: string) =>
      new ViewClient({ clientId: vectorApp.clientId, clientSecret: vectorApp.clientSecret, baseUrl: `${url}/sandbox` });
    const [kept, unlinked] = await clientOf(first.url).upload('nobody@example.org', [
      new File(['kept'], 'a.txt'),
      new File(['unlinked'], 'b.txt'),
    ]);
    await clientOf(first.url).unlink(unlinked?.id ?? '');
    await first.close();
    const second = await serveSandbox(settings);
    try {
      const again = clientOf(second.url);
      expect(await (await again.download(kept?.id ?? '')).text()).toBe('kept');
      await expect(again.get(unlinked?.id ?? '')).rejects.toMatchObject({ code: 'http_404' });
    } finally {
      await second.close();
    }
  });
});

describe.each([
  ['memoryStore', async () => memoryStore()],
  [
    'diskStore',
    async () => {
      const folder = await mkdtemp(join(tmpdir(), 'doctape-view-'));
      folders.push(folder);
      return diskStore(folder);
    },
  ],
])('with a %s', (_, make) => {
  it('an upload that cannot be committed stores neither files nor access', async () => {
    const store = await make();
    let fails = false;
    const commit: typeof store.commit = async (changes) => {
      if (fails && changes.some((change) => 'put' in change && change.put === 'links')) throw new Error('it failed');
      return store.commit(changes);
    };
    const own = createSandbox({ users, apps, store: { ...store, commit } });
    fails = true;
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {}); // the sandbox prints the stack of its error
    onTestFinished(() => printed.mockRestore());
    const client = viewOf(vectorApp, own);
    await expect(client.upload(email, [new File(['content'], 'a.txt')], { retry: false })).rejects.toThrow('500');
    fails = false;
    const alice = await tokenOf('alice', own);
    expect(await alice.files.list()).toEqual([]);
    expect((await alice.account.get()).quota_used).toBe(0);
    const [document] = await client.upload(email, [new File(['content'], 'a.txt')]);
    expect((await alice.account.get()).quota_used).toBe(7);
    await client.unlink(document?.id ?? '');
    await store.close();
  });
});
