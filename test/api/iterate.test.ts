import { expect, it } from 'vitest';
import { ApiError, InsufficientScopeError, ResponseError, TransferError } from '../../src/index.js';
import { inProcess, tokenFor } from '../support/sandbox.js';
import { apiAt, rejection, reply, scriptedServer, wait } from '../support/scripted-server.js';

const file = (id: string) => ({ id, name: `file ${id}`, size: 1, time_added: 1_358_457_759 });

async function idsOf(url: string): Promise<string[]> {
  const ids = [];
  for await (const { id } of apiAt(url).files.iterate()) ids.push(id);
  return ids;
}

const respondWith = (body: unknown, status = 200) => scriptedServer((_, response) => reply(response, status, body));

it('yields each file while the list is received', async () => {
  let more = () => {};
  const server = await scriptedServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(`{"error":null,"result":{"a":${JSON.stringify(file('a'))},"b":`);
    more = () => response.end(`${JSON.stringify(file('b'))}}}`);
  });
  const files = apiAt(server.url).files.iterate();
  expect((await files.next()).value?.id).toBe('a');
  more();
  expect((await files.next()).value?.id).toBe('b');
  expect((await files.next()).done).toBe(true);
});

it('yields the same files as list()', async () => {
  const { api } = await inProcess();
  for (const name of ['a.txt', 'ü"\\.txt', '日本.txt'])
    await api.files.upload(new Blob([name]), { name, tags: ['x', '{'] });
  const iterated = [];
  for await (const info of api.files.iterate()) iterated.push(info);
  expect(iterated).toHaveLength(3);
  expect(iterated).toEqual(await api.files.list());
});

it('cancels the request when the loop is left', async () => {
  let closed = false;
  const server = await scriptedServer((_, response) => {
    response.on('close', () => {
      closed = true;
    });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(`{"result":{"a":${JSON.stringify(file('a'))},`);
  });
  for await (const { id } of apiAt(server.url).files.iterate()) {
    expect(id).toBe('a');
    break;
  }
  await expect.poll(() => closed).toBe(true);
});

it('reads an empty list', async () => {
  expect(await idsOf((await respondWith({ error: null, result: {} })).url)).toEqual([]);
  expect(await idsOf((await respondWith({ result: {} })).url)).toEqual([]);
});

it('names the malformed file', async () => {
  const server = await respondWith({ result: { a: file('a'), b: { ...file('b'), size: 'big' } } });
  const error = await rejection(idsOf(server.url), ResponseError);
  expect(error.message).toContain('result.b.size');
});

it.each([
  ['HTML', '<!doctype html>'],
  ['nothing', ''],
  ['an array', '[]'],
  ['no result', '{"error":null}'],
  ['a list', '{"result":[]}'],
  ['null', '{"result":null}'],
  ['half of it', `{"result":{"a":${JSON.stringify(file('a'))}`],
  ['more after the end', '{"result":{}}{}'],
])('refuses a response that is %s', async (_, body) => {
  await rejection(idsOf((await respondWith(body)).url), ResponseError);
});

it('throws if the envelope contains an error, whatever the status', async () => {
  const error = await rejection(
    idsOf((await respondWith({ error: { code: 500, message: 'tired' }, result: null })).url),
    ApiError,
  );
  expect(error.message).toContain('tired');
  const { sandbox } = await inProcess();
  const token = await tokenFor(sandbox, 'alice', ['account.read']);
  const { api } = await inProcess({}, { token, fetch: sandbox.fetch });
  await rejection(api.files.iterate().next(), InsufficientScopeError);
});

it('throws if the connection breaks in the middle', async () => {
  const server = await scriptedServer(async (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write(`{"result":{"a":${JSON.stringify(file('a'))},`);
    await wait(50);
    response.socket?.resetAndDestroy();
  });
  await rejection(idsOf(server.url), TransferError);
});
