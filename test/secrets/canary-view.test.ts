import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Fetch } from '../../src/index.js';
import { ViewClient as NoClientHere } from '../../src/view.browser.js';
import { ViewClient } from '../../src/view.js';
import {
  all,
  callUntyped,
  clientSecret,
  generatedSecrets,
  hookEvents,
  password,
  type Row,
  testNoLeaks,
  token,
} from '../support/canary.js';
import { failureSites } from '../support/failure-sites.js';
import { inspected } from '../support/leaks.js';
import { advanced } from '../support/view.js';

// Provokes all errors of ViewClient with secrets in every argument and response. Neither the secret nor a signature may be in them.

const now = () => 1_399_913_600_000;
const expires = '1400000000';

function client(options: Record<string, unknown> = {}): ViewClient {
  const tell = (event: never) => void hookEvents.push(event);
  return Reflect.construct(ViewClient, [
    {
      clientId: 'app',
      clientSecret,
      baseUrl: 'https://view.example/sandbox',
      retry: false,
      hooks: { request: tell, response: tell, retry: tell, error: tell },
      now,
      ...options,
    },
  ]);
}

/** A client of a server that echoes the secret and the signature of the request wherever it can. */
function answering(status: number, body: (secrets: string) => unknown, action: (view: ViewClient) => unknown): unknown {
  const fetch: Fetch = async (input, init) => {
    const sent = init.body instanceof ReadableStream ? await new Response(init.body).text() : input;
    const [signature = ''] = /[\da-f]{40}/.exec(sent) ?? [];
    expect(signature).not.toBe('');
    generatedSecrets.push(signature);
    const secrets = `${clientSecret} ${signature}`;
    return new Response(JSON.stringify(body(secrets)), { status, headers: { 'x-request-id': signature } });
  };
  return action(client({ fetch }));
}

const source = () => [new Blob(['content'])];
const get = (view: ViewClient) => view.get('id');
const upload = (view: ViewClient) => view.upload('a@example.org', source());

function callback(document: object): unknown {
  return client().parseCallback({ dt_docs: JSON.stringify([{ field: password, id: 'id', size: 1, ...document }]) });
}

const rows: Row[] = [
  ['a client in a browser bundle', () => new NoClientHere()],
  [
    'a client in a page',
    () => {
      vi.stubGlobal('window', { document: {} });
      onTestFinished(() => void vi.unstubAllGlobals());
      return client();
    },
  ],
  ['a secret with a line break', () => client({ clientSecret: `${clientSecret}\n` })],
  ['a secret of the wrong type', () => client({ clientSecret: [clientSecret] })],
  ['an unknown option', () => client({ [clientSecret]: clientSecret })],
  ['a baseUrl with a password', () => client({ baseUrl: `https://user:${password}@view.example/` })],
  ['a form without an address', () => callUntyped((options: never) => client().uploadForm(options), {})],
  ['an address of the wrong type', () => callUntyped((email: never) => client().uploadForm({ email }), [password])],
  ['an address that is not one', () => client().uploadForm({ email: password })],
  ['an address with white space', () => client().uploadForm({ email: `${password}@b ` })],
  ['an address as the id of a document', () => client().embedUrl(`${password}@b`)],
  ['an expiry in milliseconds', () => client().embedUrl('id', { expires: 1.4e12 })],
  [
    'an expiry of the wrong type',
    () => callUntyped((time: never) => client().embedUrl('id', { expires: time }), token),
  ],
  [
    'a callback URL with a password',
    () => client().uploadForm({ email: 'a@b', callbackUrl: `https://u:${password}@a.example/` }),
  ],
  ['an upload without sources', () => client().upload('a@b', [])],
  [
    'a path as the source of an upload',
    () => callUntyped((path: never) => client().upload('a@b', [path]), `/home/${password}`),
  ],
  ['a callback that is not a form', () => callUntyped((form: never) => client().parseCallback(form), 7)],
  ['a callback without documents', () => client().parseCallback({ note: all })],
  ['a callback with two lists', () => client().parseCallback({ dt_docs: [all, token] })],
  ['a callback with an address as an id', () => callback({ id: `${password}@b` })],
  ['a callback that is not JSON', () => client().parseCallback({ dt_docs: all })],
  [
    'a callback with an embed URL of another document',
    () => {
      const multiauth = advanced({ app: 'app', target: 'other' }, clientSecret);
      generatedSecrets.push(multiauth);
      return callback({ embed: `https://view.example/sandbox/widget/id?multiauth=${multiauth}` });
    },
  ],
  ['a refused signature', () => answering(401, (error) => ({ error }), get)],
  ['a refused upload', () => answering(401, (message) => ({ error: { code: 401, message } }), upload)],
  ['a response that is not an envelope', () => answering(200, (text) => ({ [text]: text }), get)],
  ['a response with other types', () => answering(200, (text) => ({ result: { id: 7, [text]: text } }), get)],
  ['an upload with another number of documents', () => answering(200, () => [], upload)],
  ['an upload with other types', () => answering(200, (text) => [{ [text]: text }], upload)],
  [
    'an upload with an embed URL that is not one',
    () => answering(200, (embed) => [{ field: 'file', id: '1', embed }], upload),
  ],
  [
    'a refused unlink',
    () =>
      answering(
        403,
        (error) => ({ error }),
        (view) => view.unlink('id'),
      ),
  ],
  [
    'a refused download',
    () =>
      answering(
        404,
        (error) => ({ error }),
        (view) => view.download('id'),
      ),
  ],
  [
    'a failed connection',
    () => client({ fetch: () => Promise.reject(new TypeError('fetch failed', { cause: new Error(all) })) }).get('id'),
  ],
  [
    'a server that is gone',
    () => client({ baseUrl: undefined, fetch: () => Promise.reject(new TypeError('fetch failed')) }).get('id'),
  ],
];
const reached = testNoLeaks(rows);

describe('no secret is shown', () => {
  it('by a client that is printed', () => {
    expect(inspected(client())).not.toContain(clientSecret);
    expect(JSON.stringify(client())).not.toContain(clientSecret);
  });

  it('in the reason that the server gives for a file', async () => {
    const error = `${clientSecret} is the secret of ${expires}`;
    const [document] = (await answering(200, () => [{ field: 'file', error }], upload)) as { error?: string }[];
    expect(document?.error).toBe('[redacted] is the secret of 1400000000');
  });

  it('in a signed URL or form, except for the signature', () => {
    const { fields } = client().uploadForm({ email: 'a@example.org', lazy: true, expires: 1_400_000_000 });
    const texts = [JSON.stringify(fields), client().url('id').href, client().embedUrl('id').href];
    for (const text of texts) expect(text).not.toContain(clientSecret);
  });
});

describe('the table', () => {
  it('reaches all places that create an error (add a row for each new one)', () => {
    // `invalid` and `serverOnly` are in src/protocol
    const sites = failureSites(['src/protocol', 'src/view']).filter(({ place }) => place.startsWith('src/view'));
    expect(sites.length).toBeGreaterThan(10);
    expect(sites.filter(({ place }) => !reached.has(place))).toEqual([]);
  });
});
