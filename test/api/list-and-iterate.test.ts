import { describe, expect, it } from 'vitest';
import { DoctapeError, type FileInfo } from '../../src/index.js';
import { apiAt, reasonOf, rejection, scriptedServer } from '../support/scripted-server.js';

// list() and iterate() read the same body in two ways: whole, and while it is received. Both must return the same files in
// the order of the response, and fail with the same error.

const file = (id: string, more: object = {}) =>
  JSON.stringify({ id, name: `file ${id}`, size: 1, time_added: 1, ...more });
const member = (key: string, value = file(key)) => `${JSON.stringify(key)}:${value}`;
const envelope = (...members: string[]) => `{"error":null,"result":{${members.join(',')}}}`;

/** Sends a body in pieces of this size. */
const sending = (body: string | Buffer, status = 200, pieces = Number.POSITIVE_INFINITY) =>
  scriptedServer(async (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', 'x-request-id': 'r-1' });
    const bytes = Buffer.from(body);
    for (let at = 0; at < bytes.length; at += pieces) {
      response.write(bytes.subarray(at, at + pieces));
      if (Number.isFinite(pieces)) await new Promise(setImmediate);
    }
    response.end();
  });

interface Outcome {
  files: FileInfo[];
  error?: unknown;
}

async function listed(url: string): Promise<Outcome> {
  try {
    return { files: await apiAt(url).files.list() };
  } catch (error) {
    return { files: [], error };
  }
}

async function iterated(url: string): Promise<Outcome> {
  const files: FileInfo[] = [];
  try {
    for await (const one of apiAt(url).files.iterate()) files.push(one);
    return { files };
  } catch (error) {
    return { files, error };
  }
}

const utf8 = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));

const good: [string, string | Buffer, string[]][] = [
  [
    'ids that look like integers',
    envelope(member('b'), member('10'), member('9'), member('a'), member('0')),
    ['b', '10', '9', 'a', '0'],
  ],
  ['the same key twice', envelope(member('a'), member('b'), member('a', file('again'))), ['a', 'b', 'again']],
  ['the key __proto__', envelope(member('__proto__'), member('a')), ['__proto__', 'a']],
  [
    'the keys constructor and toString',
    envelope(member('constructor'), member('toString')),
    ['constructor', 'toString'],
  ],
  ['an empty key', envelope(member('', file('x'))), ['x']],
  ['keys with quotes and backslashes', envelope(member('a"b'), member('c\\'), member('\\"')), ['a"b', 'c\\', '\\"']],
  [
    'braces, commas and colons in texts',
    envelope(member('a', file('{"a":[1,2]}')), member(',:}')),
    ['{"a":[1,2]}', ',:}'],
  ],
  [
    'invalid UTF-8',
    utf8('{"result":{"a":{"id":"a', 0xff, '","name":"', 0xc3, '","size":1,"time_added":1}}}'),
    ['a\ufffd'],
  ],
  ['a byte order mark', utf8(0xef, 0xbb, 0xbf, envelope(member('a'))), ['a']],
  [
    'white space everywhere',
    ` { "error" : null ,\n"result" :\t{ "a" : ${file('a')} , "b" : ${file('b')} } } \r\n`,
    ['a', 'b'],
  ],
  ['the result first', `{"result":{${member('a')}},"error":null}`, ['a']],
  ['more than the envelope says', `{"v":[{"result":{"no":1}}],"result":{${member('a')}},"next":{"x":1}}`, ['a']],
  ['an escaped key of the envelope', `{"r\\u0065sult":{${member('a')}}}`, ['a']],
  ['an empty map', envelope(), []],
  ['an empty map with white space', '{"result":{ \n }}', []],
];

const bad: [string, string | Buffer, number?][] = [
  ['an empty body', ''],
  ['white space', ' \n '],
  ['HTML', '<!doctype html>'],
  ['a number', '5'],
  ['null', 'null'],
  ['a list', '[]'],
  ['a list around the key', '["result",{"a":1}]'],
  ['no result', '{"error":null}'],
  ['a result of null', '{"result":null}'],
  ['a result that is a list', `{"result":[${file('a')}]}`],
  ['a result that is a text', '{"result":"a"}'],
  ['a result of another kind behind a map', `{"result":{${member('a')}},"result":5}`],
  ['the end of the map missing', `{"result":{${member('a')}`],
  ['the end of the envelope missing', `{"result":{${member('a')}}`],
  ['the end of a text missing', `{"result":{${member('a')},"b`],
  ['a member cut off', `{"result":{${member('a')},"b":{"id":`],
  ['more behind the end', `${envelope(member('a'))}{}`],
  ['an incomplete character behind the end', utf8(envelope(member('a')), 0xe2, 0x82)],
  ['another bracket at the end', `{"result":{${member('a')}]}`],
  ['a comma too many', `{"result":{${member('a')},}}`],
  ['two commas', `{"result":{${member('a')},,${member('b')}}}`],
  ['a comma at first', `{"result":{,${member('a')}}}`],
  ['only a comma', '{"result":{,}}'],
  ['no comma', `{"result":{${member('a')} ${member('b')}}}`],
  ['a key alone', '{"result":{"a"}}'],
  ['a key and a colon', '{"result":{"a":}}'],
  ['two colons', `{"result":{"a"::${file('a')}}}`],
  ['a comma for a colon', `{"result":{"a",${file('a')}}}`],
  ['a colon for a comma', `{"result":{${member('a')}:${member('b')}}}`],
  ['a key that is a number', `{"result":{1:${file('a')}}}`],
  ['a key that is a list', `{"result":{["a"]:${file('a')}}}`],
  ['a key without quotes', `{"result":{a:${file('a')}}}`],
  ['brackets that do not match', '{"result":{"a":{"id":[}]}}'],
  ['a white space that JSON does not know', '{"result":{\u00a0}}'],
  ['a file that is null', envelope(member('a', 'null'))],
  ['a file that is malformed', envelope(member('a', file('a', { size: 'big' })))],
  ['a control character in a text', envelope(member('a', '{"id":"a\nb"}'))],
  ['an error', '{"error":{"code":500,"message":"tired"},"result":null}'],
  ['an error before files', `{"error":{"code":404,"message":"gone"},"result":{${member('a')}}}`],
  ['an error that is a text', '{"error":"tired"}'],
  ['a refusal', '{"error":{"code":403,"message":"no"}}', 403],
  ['a refusal in HTML', '<html>', 502],
];

const ways = ['whole', 'in pieces of 7 bytes', 'byte by byte'] as const;
const sizes = { whole: undefined, 'in pieces of 7 bytes': 7, 'byte by byte': 1 };

describe.each(ways)('a body sent %s', (way) => {
  it.each(good)('with %s returns the same files, in the order of the response', async (_, body, ids) => {
    const { url } = await sending(body, 200, sizes[way]);
    const whole = await listed(url);
    expect(whole.error).toBeUndefined();
    expect(whole.files.map(({ id }) => id)).toEqual(ids);
    expect(await iterated(url)).toEqual(whole);
  });

  it.each(bad)('with %s throws the same error', async (_, body, status) => {
    const { url } = await sending(body, status, sizes[way]);
    const [whole, parts] = [(await listed(url)).error, (await iterated(url)).error];
    if (!(whole instanceof DoctapeError && parts instanceof DoctapeError))
      throw new Error('both must fail with an error of ours');
    const { callId: _id, ...seen } = parts.toJSON();
    const { callId: _other, ...expected } = whole.toJSON();
    expect(seen).toEqual(expected);
  });
});

it('iterate() yields the files before a late failure, and list() returns none', async () => {
  const { url } = await sending(`{"result":{${member('1')},${member('0')}},"error":"tired"}`);
  const whole = await listed(url);
  const parts = await iterated(url);
  expect(parts.files.map(({ id }) => id)).toEqual(['1', '0']);
  expect(parts.error).toMatchObject({ message: (whole.error as Error).message });
});

it('iterate() yields no file after an error at the start of the response', async () => {
  const { url } = await sending(`{"error":"tired","result":{${member('1')}}}`);
  expect((await iterated(url)).files).toEqual([]);
});

describe('other results that are maps', () => {
  const tape = (id: string) => JSON.stringify({ id, name: id });

  it('return tapes in the order of the response', async () => {
    const { url } = await sending(envelope(member('b', tape('b')), member('1', tape('1')), member('a', tape('a'))));
    expect((await apiAt(url).tapes.list()).map(({ id }) => id)).toEqual(['b', '1', 'a']);
  });

  it('return uploaded files in the order of the response, and are counted', async () => {
    const uploaded = (id: string) => member(id, JSON.stringify({ id, name: id, size: '1' }));
    const { url } = await sending(envelope(uploaded('20'), uploaded('3'), uploaded('20')));
    const sources = [1, 2, 3].map((size) => new Blob(['x'.repeat(size)]));
    expect((await apiAt(url).files.uploadAll(sources)).map(({ id }) => id)).toEqual(['20', '3', '20']);
    const error = await rejection(apiAt(url).files.uploadAll(sources.slice(0, 2)), DoctapeError);
    expect(error.message).toContain('result has 3 members instead of 2');
  });

  it('are refused if they are not a map', async () => {
    const { url } = await sending('{"result":[]}');
    for (const call of [apiAt(url).tapes.list(), apiAt(url).files.upload(new Blob(['a']))]) {
      expect(await reasonOf(call)).toMatchObject({ code: 'malformed_response' });
    }
  });
});
