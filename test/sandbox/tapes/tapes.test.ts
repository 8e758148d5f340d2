import { request as httpRequest } from 'node:http';
import { beforeEach, describe, expect, it } from 'vitest';
import { ApiClient, NotFoundError } from '../../../src/index.js';
import { memoryStore, type Store } from '../../../src/sandbox.js';
import { inProcess, type SignedInUser, served, signIn, tokenFor } from '../../support/sandbox.js';

// Tags, sharing, tapes, and the validation of JSON bodies.

const server = await served({
  users: ['alice', 'bob', 'carol', 'al', 'alice2'].map((username) => ({ username, password: 'x' })),
});
const { url, sandbox } = server;

let alice: SignedInUser;
let bob: SignedInUser;
let carol: SignedInUser;
beforeEach(async () => {
  await sandbox.reset();
  [alice, bob, carol] = [await signIn(server, 'alice'), await signIn(server, 'bob'), await signIn(server, 'carol')];
});

async function upload(tags: string[] = [], { api } = alice, name = 'file.txt'): Promise<string> {
  return (await api.files.upload(new File(['content'], name, { type: 'text/plain' }), { tags })).id;
}

it('a file has at most 1,000 tags', async () => {
  const tags = Array.from({ length: 1_001 }, (_, index) => `#${index}`);
  const id = await upload(tags.slice(1));
  expect((await alice.api.files.get(id)).tags).toHaveLength(1_000);
  expect((await post(`/doc/${id}`, JSON.stringify({ tags }))).status).toBe(400);
  expect((await alice.api.files.get(id)).tags).toEqual(tags.slice(1));
  await expect(upload(tags)).rejects.toMatchObject({ status: 400 });
  expect(await idsOf(alice)).toEqual([id]);
  expect((await alice.api.account.get()).quota_used).toBe(7);
  expect((await post(`/doc/${id}`, JSON.stringify({ tags: [...tags.slice(1), '#1', '#1'] }))).status).toBe(200);
});

async function tapeOf({ api }: SignedInUser, name: string) {
  const tape = (await api.tapes.list()).find((each) => each.name === name);
  if (!tape) throw new Error(`there is no tape ${name}`);
  return tape;
}

const idsOf = async ({ api }: SignedInUser) => (await api.files.list()).map(({ id }) => id);

function post(path: string, body: BodyInit | undefined, { token } = alice): Promise<Response> {
  return fetch(`${url}/v1${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json; charset=UTF-8' },
    ...(body !== undefined && { body }),
  });
}

async function expectFailure(response: Response, status: number): Promise<void> {
  const body = await response.json();
  expect([response.status, body]).toEqual([
    status,
    { error: { code: status, message: expect.any(String) }, result: null },
  ]);
}

describe('a tag', () => {
  it('is stored unchanged and without duplicates', async () => {
    const tags = ['plain', 'two words', 'Größe', '日本', '+bob', '#party', '#alice/party', '<b>', 'a,b'];
    const id = await upload();
    expect((await alice.api.files.update(id, { tags: [...tags, ...tags] })).tags).toEqual(tags);
    expect((await alice.api.files.get(id)).tags).toEqual(tags);
  });

  it('that is a plain word shares nothing and creates no tape', async () => {
    await upload(['bob', 'party', 'a#b', 'a+bob', '+', '#', '+nobody']);
    expect(await bob.api.files.list()).toEqual([]);
    expect(await alice.api.tapes.list()).toEqual([]);
  });

  it.each(['+bob', '#tape'])('%s has the same effect in an upload as in a change', async (tag) => {
    const early = await upload([tag]);
    const late = await upload();
    await alice.api.files.update(late, { tags: [tag] });
    if (tag === '+bob') expect(await idsOf(bob)).toEqual([early, late]);
    else expect((await tapeOf(alice, 'tape')).files).toEqual([early, late]);
  });
});

describe('a file that is shared with a user', () => {
  it("is in the user's list, after their own files, with its kind of share", async () => {
    const own = await upload([], bob);
    const shared = await upload(['+bob']);
    const files = await bob.api.files.list();
    expect(files.map(({ id, shared }) => [id, shared])).toEqual([
      [own, 0],
      [shared, 1],
    ]);
    expect((await alice.api.files.get(shared)).shared).toBe(0);
  });

  it('is not visible to others, even with a similar name', async () => {
    const id = await upload(['+al', '+ALICE2', '+carolx']);
    for (const name of ['alice2', 'carol', 'bob']) {
      const user = await signIn(server, name);
      expect(await idsOf(user)).toEqual([]);
      await expect(user.api.files.get(id)).rejects.toThrow(NotFoundError);
      await expect(user.api.files.download(id)).rejects.toThrow(NotFoundError);
      await expect(user.api.files.clone(id)).rejects.toThrow(NotFoundError);
    }
    expect(await idsOf(await signIn(server, 'al'))).toEqual([id]);
  });

  it('can be read and copied by the user, who owns the copy', async () => {
    const id = await upload(['+bob', '#party']);
    const copy = await bob.api.files.clone(id);
    expect(await bob.api.files.get(copy)).toMatchObject({ shared: 0, tags: [], public_url: null });
    await alice.api.files.delete(id);
    expect(await (await bob.api.files.download(copy)).text()).toBe('content');
    await expect(alice.api.files.get(copy)).rejects.toThrow(NotFoundError);
    expect((await bob.api.account.get()).quota_used).toBe(7);
    expect((await alice.api.account.get()).quota_used).toBe(0);
  });

  it('cannot be changed, deleted or published by the user', async () => {
    const id = await upload(['+bob']);
    for (const response of [
      post(`/doc/${id}`, '{"tags":[]}', bob),
      post(`/doc/${id}`, '{"name":"mine"}', bob),
      post(`/doc/${id}/public`, '{"public":true}', bob),
      fetch(`${url}/v1/doc/${id}`, { method: 'DELETE', headers: { authorization: `Bearer ${bob.token}` } }),
    ]) {
      await expectFailure(await response, 403);
    }
    expect(await alice.api.files.get(id)).toMatchObject({ name: 'file', tags: ['+bob'], public_url: null });
  });

  it('is not visible after the tag or the file was removed', async () => {
    const [first, second] = [await upload(['+bob']), await upload(['+bob'])];
    await alice.api.files.update(first, { tags: ['+carol'] });
    await alice.api.files.delete(second);
    expect(await idsOf(bob)).toEqual([]);
    expect(await idsOf(carol)).toEqual([first]);
    await expect(bob.api.files.download(first)).rejects.toThrow(NotFoundError);
  });
});

describe('a tape', () => {
  it('is created with its first file, and lists files in the order they were added', async () => {
    const first = await upload(['#party']);
    const tape = await tapeOf(alice, 'party');
    expect(tape).toEqual({ id: tape.id, name: 'party', live: true, shared_with: [], files: [first] });
    const second = await upload(['#party', '#other']);
    expect((await alice.api.tapes.get(tape.id)).files).toEqual([first, second]);
    expect((await alice.api.tapes.list()).map(({ name }) => name)).toEqual(['party', 'other']);
  });

  it('is returned in a map with its id as the key', async () => {
    await upload(['#party']);
    const { id } = await tapeOf(alice, 'party');
    const response = await fetch(`${url}/v1/tape?access_token=${alice.token}`);
    const { error, result } = await response.json();
    expect([error, Object.keys(result), result[id].id]).toEqual([null, [id], id]);
  });

  it('is created once for several concurrent files', async () => {
    await Promise.all(Array.from({ length: 20 }, () => upload(['#party'])));
    const tapes = await alice.api.tapes.list();
    expect(tapes.map(({ name, files }) => [name, files.length])).toEqual([['party', 20]]);
  });

  it('keeps its settings when files are added during a change', async () => {
    const api = new ApiClient({ token: alice.token, baseUrl: `${url}/v1`, retry: false, fetch: sandbox.fetch });
    await upload(['#party']);
    const { id } = await tapeOf(alice, 'party');
    await Promise.all([
      api.tapes.update(id, { shared_with: ['bob'] }),
      api.tapes.update(id, { live: false }),
      api.files.upload(new File(['x'], 'x.txt'), { tags: ['#party'] }),
    ]);
    expect(await alice.api.tapes.get(id)).toMatchObject({ live: false, shared_with: ['bob'] });
    expect((await alice.api.tapes.list()).length).toBe(1);
  });

  it('keeps its id when several files are added at once', async () => {
    const seen = await Promise.all(
      Array.from({ length: 10 }, async () => {
        await upload(['#party']);
        return (await tapeOf(alice, 'party')).id;
      }),
    );
    expect(new Set(seen).size).toBe(1);
  });

  it('loses a file when its tag or the file is removed, and remains', async () => {
    const [first, second] = [await upload(['#party', 'kept']), await upload(['#party'])];
    const { id } = await tapeOf(alice, 'party');
    await alice.api.tapes.update(id, { shared_with: ['bob'] });
    await alice.api.files.update(first, { tags: ['kept'] });
    expect((await alice.api.tapes.get(id)).files).toEqual([second]);
    await alice.api.files.delete(second);
    expect(await alice.api.tapes.get(id)).toMatchObject({ files: [], shared_with: ['bob'] });
    const third = await upload(['#party']);
    expect(await tapeOf(alice, 'party')).toMatchObject({ id, shared_with: ['bob'], files: [third] });
  });

  it('is separate from a tape of another user with the same name', async () => {
    const aliceFile = await upload(['#party']);
    const bobFile = await upload(['#party'], bob);
    expect((await tapeOf(alice, 'party')).files).toEqual([aliceFile]);
    expect((await tapeOf(bob, 'party')).files).toEqual([bobFile]);
    expect((await tapeOf(bob, 'party')).id).not.toBe((await tapeOf(alice, 'party')).id);
  });

  it('of another user is not found, and not created by its name', async () => {
    await upload(['#party']);
    const { id } = await tapeOf(alice, 'party');
    await upload(['#alice/party'], bob);
    expect(await bob.api.tapes.list()).toEqual([]);
    await expect(bob.api.tapes.get(id)).rejects.toThrow(NotFoundError);
    await expect(bob.api.tapes.update(id, { live: false })).rejects.toThrow(NotFoundError);
    expect((await alice.api.tapes.get(id)).files.length).toBe(1);
  });

  it('can have any name', async () => {
    const names = ['ein Fest', 'Größe', '日本', '__proto__', 'a#b', '..', '%2e', 'constructor'];
    for (const name of names) {
      const id = await upload();
      await alice.api.files.update(id, { tags: [`#${name}`] });
    }
    expect((await alice.api.tapes.list()).map(({ name }) => name)).toEqual(names);
  });

  it('is deleted by a reset', async () => {
    await upload(['#party']);
    await sandbox.reset();
    alice = await signIn(server, 'alice');
    expect(await alice.api.tapes.list()).toEqual([]);
  });
});

describe('a tape that is shared', () => {
  it('has the name of its owner in its name and in the tags of its files', async () => {
    const id = await upload(['#party']);
    const untaped = await upload(['#other']);
    const { id: tape } = await tapeOf(alice, 'party');
    await alice.api.tapes.update(tape, { shared_with: ['bob'] });
    expect(await bob.api.tapes.list()).toEqual([
      { id: tape, name: 'alice/party', live: true, shared_with: ['bob'], files: [id] },
    ]);
    expect(await bob.api.tapes.get(tape)).toMatchObject({ name: 'alice/party' });
    expect((await alice.api.tapes.get(tape)).name).toBe('party');
    expect(await bob.api.files.get(id)).toMatchObject({ shared: 'alice' });
    expect(await idsOf(bob)).toEqual([id]);
    await expect(bob.api.files.get(untaped)).rejects.toThrow(NotFoundError);
    expect(await (await bob.api.files.download(id)).text()).toBe('content');
    expect(await carol.api.tapes.list()).toEqual([]);
    expect(await idsOf(carol)).toEqual([]);
  });

  it('has a file that is also shared personally as a personal share', async () => {
    const id = await upload(['#party', '+bob']);
    const { id: tape } = await tapeOf(alice, 'party');
    await alice.api.tapes.update(tape, { shared_with: ['bob'] });
    expect((await bob.api.files.get(id)).shared).toBe(1);
    expect((await bob.api.files.list()).map(({ shared }) => shared)).toEqual([1]);
  });

  it('has a file once in the list, even if the file is on two tapes', async () => {
    const id = await upload(['#one', '#two']);
    for (const name of ['one', 'two']) {
      await alice.api.tapes.update((await tapeOf(alice, name)).id, { shared_with: ['bob'] });
    }
    expect(await idsOf(bob)).toEqual([id]);
  });

  it('has the name of its owner in the tags that others see, without the tags that are not shared with them', async () => {
    const id = await upload(['plain', '#party', '#secret', '+carol', '#bob/x']);
    await alice.api.tapes.update((await tapeOf(alice, 'party')).id, { shared_with: ['bob'] });
    expect((await bob.api.files.get(id)).tags).toEqual(['plain', '#alice/party']);
    expect((await bob.api.files.list()).map(({ tags }) => tags)).toEqual([['plain', '#alice/party']]);
    expect((await carol.api.files.get(id)).tags).toEqual(['plain', '+carol']);
    expect((await alice.api.files.get(id)).tags).toEqual(['plain', '#party', '#secret', '+carol', '#bob/x']);
  });

  it('shows files that are added later, and hides files that are removed', async () => {
    const first = await upload(['#party']);
    await alice.api.tapes.update((await tapeOf(alice, 'party')).id, { shared_with: ['bob'] });
    const later = await upload(['#party']);
    expect(await idsOf(bob)).toEqual([first, later]);
    await alice.api.files.update(first, { tags: [] });
    expect(await idsOf(bob)).toEqual([later]);
    await expect(bob.api.files.download(first)).rejects.toThrow(NotFoundError);
  });

  it('is separate from a tape with the same name of the user it is shared with', async () => {
    await upload(['#party']);
    await alice.api.tapes.update((await tapeOf(alice, 'party')).id, { shared_with: ['bob'] });
    const secret = await upload(['#party'], bob);
    expect(await idsOf(alice)).not.toContain(secret);
    expect((await tapeOf(bob, 'alice/party')).files).not.toContain(secret);
  });

  it('can be changed by its owner only', async () => {
    await upload(['#party']);
    const { id } = await tapeOf(alice, 'party');
    await alice.api.tapes.update(id, { shared_with: ['bob'] });
    for (const body of ['{"live":false}', '{"shared_with":["bob","carol"]}', '{}']) {
      await expectFailure(await post(`/tape/${id}`, body, bob), 403);
    }
    await expectFailure(await post(`/tape/${id}`, '{"live":false}', carol), 404);
    expect(await alice.api.tapes.get(id)).toMatchObject({ live: true, shared_with: ['bob'] });
  });

  it('is shared with exactly the named users', async () => {
    await upload(['#party']);
    const { id } = await tapeOf(alice, 'party');
    const change = (names: string[]) => alice.api.tapes.update(id, { shared_with: names });
    expect((await change(['bob', 'carol', 'bob'])).shared_with).toEqual(['bob', 'carol']);
    expect((await change(['carol'])).shared_with).toEqual(['carol']);
    expect(await bob.api.tapes.list()).toEqual([]);
    expect((await alice.api.tapes.update(id, { live: false })).shared_with).toEqual(['carol']);
    expect(await change([])).toMatchObject({ live: false, shared_with: [] });
    expect(await carol.api.tapes.list()).toEqual([]);
  });

  it.each([['nobody'], ['bob', 'nobody'], ['alice'], [''], ['BOB'], ['bob '], ['__proto__'], ['+bob']])(
    'is not shared with those who cannot be: %j %j',
    async (...names) => {
      await upload(['#party']);
      const { id } = await tapeOf(alice, 'party');
      await alice.api.tapes.update(id, { shared_with: ['carol'] });
      const given = names.filter((name) => name !== undefined);
      await expectFailure(await post(`/tape/${id}`, JSON.stringify({ live: false, shared_with: given })), 400);
      expect(await alice.api.tapes.get(id)).toMatchObject({ live: true, shared_with: ['carol'] });
    },
  );
});

const transports: [how: string, call: typeof fetch][] = [
  ['over HTTP', fetch],
  ['within the program', sandbox.fetch],
];

const wrongBodies = ['{', 'nothing', 'null', 'true', '"text"', '1', '[]', '[{}]', '{"a":1}x', '\u0000'];

describe('the JSON of a change', () => {
  it.each([
    ...wrongBodies,
    '{"live":"true"}',
    '{"live":1}',
    '{"live":null}',
    '{"shared_with":"bob"}',
    '{"shared_with":null}',
    '{"shared_with":{"0":"bob"}}',
    '{"shared_with":[1]}',
    '{"shared_with":[null]}',
    '{"shared_with":[["bob"]]}',
    '{"live":false,"shared_with":true}',
  ])('of a tape is refused when it is %s, and nothing changes', async (body) => {
    await upload(['#party']);
    const before = await tapeOf(alice, 'party');
    await expectFailure(await post(`/tape/${before.id}`, body), 400);
    expect(await alice.api.tapes.get(before.id)).toEqual(before);
  });

  it.each([
    ...wrongBodies,
    '{"name":1}',
    '{"name":null}',
    '{"name":["a"]}',
    '{"name":""}',
    '{"name":"   "}',
    '{"name":".txt"}',
    '{"tags":"a,b"}',
    '{"tags":null}',
    '{"tags":[1]}',
    '{"tags":{"length":1}}',
    '{"starred":"true"}',
    '{"starred":1}',
    '{"name":"new","starred":"yes"}',
    '{"tags":["new"],"name":5}',
  ])('of a file is refused when it is %s, and nothing changes', async (body) => {
    const id = await upload(['kept']);
    const before = await alice.api.files.get(id);
    await expectFailure(await post(`/doc/${id}`, body), 400);
    expect(await alice.api.files.get(id)).toEqual(before);
  });

  it('changes the known fields and ignores unknown ones', async () => {
    const id = await upload(['kept']);
    const body = '{"name":"new","id":"other","owner":"bob","extension":"exe","size":0,"meta":{},"__proto__":{"a":1}}';
    expect((await post(`/doc/${id}`, body)).status).toBe(200);
    expect(await alice.api.files.get(id)).toMatchObject({ id, name: 'new', extension: 'txt', size: 7, tags: ['kept'] });
    await upload(['#party']);
    const tape = await tapeOf(alice, 'party');
    const response = await post(`/tape/${tape.id}`, '{"name":"stolen","owner":"bob","files":[],"live":false}');
    expect((await response.json()).result).toEqual({ ...tape, live: false });
  });

  it.each([
    'a\r\nb',
    'a\u0000b',
    '\ud800',
    'half \udc00 pair',
    '"; x="',
    'é\u0301'.repeat(40),
    '../../x',
    'a/b',
    '%00',
  ])('sets a name that works for downloads and publishing, or is refused: %j', async (name) => {
    const id = await upload();
    const changed = await post(`/doc/${id}`, JSON.stringify({ name }));
    expect([200, 400]).toContain(changed.status);
    if (changed.status === 400) expect((await alice.api.files.get(id)).name).toBe('file');
    const response = await alice.api.files.download(id);
    expect(await response.text()).toBe('content');
    expect((await fetch(await alice.api.files.publish(id))).status).toBe(200);
  });

  it('cannot set a name that is too long for the headers of a download', async () => {
    const id = await upload();
    const response = await post(`/doc/${id}`, JSON.stringify({ name: 'ü'.repeat(20_000) }));
    expect([200, 400]).toContain(response.status);
    expect(await (await alice.api.files.download(id)).text()).toBe('content');
  });

  it.each(transports)('is not lost when several changes are made at once %s', async (_how, call) => {
    const api = new ApiClient({ token: alice.token, baseUrl: `${url}/v1`, retry: false, fetch: call });
    for (let round = 0; round < 10; round++) {
      const id = await upload();
      await Promise.all([
        api.files.update(id, { name: 'new' }),
        api.files.update(id, { tags: ['new'] }),
        api.files.update(id, { starred: true }),
        api.files.publish(id),
      ]);
      const { name, tags, starred, public_url } = await alice.api.files.get(id);
      expect({ name, tags, starred, public: public_url !== null }).toEqual({
        name: 'new',
        tags: ['new'],
        starred: true,
        public: true,
      });
    }
  });

  it.each(transports)('does not restore a file that is deleted at the same time %s', async (_how, call) => {
    const api = new ApiClient({ token: alice.token, baseUrl: `${url}/v1`, retry: false, fetch: call });
    for (let round = 0; round < 10; round++) {
      const id = await upload();
      await Promise.all([
        api.files.update(id, { name: 'new' }).catch(() => {}),
        api.files.delete(id),
        api.files.update(id, { starred: true }).catch(() => {}),
      ]);
      expect(await idsOf(alice)).toEqual([]);
    }
    expect((await alice.api.account.get()).quota_used).toBe(0);
  });

  it.each(['/doc/ID', '/tape/TAPE', '/doc/ID/public'])('is refused when it is too large: %s', async (route) => {
    const id = await upload(['#party']);
    const before = await alice.api.files.get(id);
    const tape = await tapeOf(alice, 'party');
    const path = route.replace('ID', id).replace('TAPE', tape.id);
    for (const megabytes of [2, 20]) {
      const body = JSON.stringify({
        name: 'new',
        public: true,
        live: false,
        padding: 'x'.repeat(megabytes * 1024 ** 2),
      });
      await expectFailure(await post(path, body), 413);
    }
    expect(await alice.api.files.get(id)).toEqual(before);
    expect(await alice.api.tapes.get(tape.id)).toEqual(tape);
  });

  it('is accepted just below the size limit', async () => {
    const id = await upload();
    const body = JSON.stringify({ starred: true, padding: 'x'.repeat(1024 * 1024 - 100) });
    expect((await post(`/doc/${id}`, body)).status).toBe(200);
    expect((await alice.api.files.get(id)).starred).toBe(true);
  });

  it('can arrive in chunks that split a character', async () => {
    const id = await upload(['#party']);
    const bytes = Buffer.from('{"name":"Grüße 🎉","tags":["#party","日本"]}');
    const pieces = Array.from(bytes, (_, index) => bytes.subarray(index, index + 1));
    const status = await new Promise((resolve, reject) => {
      const request = httpRequest(`${url}/v1/doc/${id}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${alice.token}`, 'content-type': 'application/json; charset=UTF-8' },
      });
      request.on('response', (response) => resolve(response.resume().statusCode));
      request.on('error', reject);
      for (const piece of pieces) request.write(piece);
      request.end();
    });
    expect(status).toBe(200);
    expect(await alice.api.files.get(id)).toMatchObject({ name: 'Grüße 🎉', tags: ['#party', '日本'] });
  });

  it.each(['', ' ', '\r\n'])('can be %j, and changes nothing', async (body) => {
    const id = await upload(['#party']);
    const before = await alice.api.files.get(id);
    expect((await post(`/doc/${id}`, body)).status).toBe(200);
    const tape = await tapeOf(alice, 'party');
    expect((await post(`/tape/${tape.id}`, body)).status).toBe(200);
    expect(await alice.api.files.get(id)).toEqual(before);
    expect(await alice.api.tapes.get(tape.id)).toEqual(tape);
  });

  it('is not required to copy or extract, even with a Content-Type', async () => {
    const id = await upload();
    const copy = await (await post(`/doc/${id}/clone`, '')).json();
    expect(copy.result).toMatchObject({ cloned: true, id: expect.any(String) });
    expect(await idsOf(alice)).toEqual([id, copy.result.id]);
    await expectFailure(await post(`/doc/${id}/extract`, ''), 400); // it is not an archive
  });

  it('is read after the token and the scopes were checked', async () => {
    const id = await upload();
    const { access_token } = await tokenFor(sandbox, 'alice', ['file.read'], url);
    await expectFailure(await post(`/doc/${id}`, '{', { ...alice, token: access_token }), 403);
    await expectFailure(await post(`/doc/${id}`, '{', { ...alice, token: 'wrong' }), 401);
  });
});

describe('with a slow store, such as one on another machine,', () => {
  function slowStore(): Store {
    const store = memoryStore();
    const moment = () => new Promise((resolve) => setImmediate(resolve));
    return {
      ...store,
      async get(collection, key) {
        await moment();
        return store.get(collection, key);
      },
      async commit(changes) {
        await moment();
        return store.commit(changes);
      },
    };
  }

  async function slowly(tags: string[] = []) {
    const { api } = await inProcess({ store: slowStore() }, { retry: false });
    return { api, id: (await api.files.upload(new File(['content'], 'file.txt'), { tags })).id };
  }

  it('concurrent changes are all stored', async () => {
    const { api, id } = await slowly();
    await Promise.all([
      api.files.update(id, { name: 'new' }),
      api.files.update(id, { tags: ['new'] }),
      api.files.update(id, { starred: true }),
    ]);
    expect(await api.files.get(id)).toMatchObject({ name: 'new', tags: ['new'], starred: true });
  });

  it('concurrent publishing returns one URL, which works', async () => {
    const { api, id } = await slowly();
    const addresses = await Promise.all(Array.from({ length: 4 }, () => api.files.publish(id)));
    expect(new Set(addresses.map(String)).size).toBe(1);
  });

  it('a change does not restore a file that is deleted at the same time', async () => {
    for (const publishing of [false, true]) {
      const { api, id } = await slowly(['#tape']);
      const change = publishing ? api.files.publish(id) : api.files.update(id, { name: 'new' });
      await Promise.all([api.files.delete(id), change.catch(() => {})]);
      expect(await api.files.list()).toEqual([]);
    }
  });

  it('concurrent changes of a tape are all stored', async () => {
    const { api } = await slowly(['#tape']);
    const [tape] = await api.tapes.list();
    const id = tape?.id ?? '';
    await Promise.all([
      api.tapes.update(id, { live: false }),
      api.tapes.update(id, { shared_with: ['bob'] }),
      api.files.upload(new File(['x'], 'x.txt'), { tags: ['#tape', '#other'] }),
      api.files.upload(new File(['x'], 'x.txt'), { tags: ['#tape', '#other'] }),
    ]);
    expect(await api.tapes.get(id)).toMatchObject({ live: false, shared_with: ['bob'] });
    expect((await api.tapes.list()).map(({ name }) => name)).toEqual(['tape', 'other']);
  });
});
