import { describe, expect, test } from 'vitest';
import {
  ApiClient,
  type CallOptions,
  ConfigurationError,
  type Fetch,
  InsufficientScopeError,
  type ListOptions,
  NotFoundError,
  type Rendition,
  renditions,
  UnauthorizedError,
} from '../../src/index.js';
import { inProcess, origin, tokenFor } from '../support/sandbox.js';
import { accessToken, rejection, servedForTest, thrown } from '../support/scripted-server.js';

/** A custom fetch that records the URLs it was called with. */
function recordUrls(): { api: ApiClient; urls: string[] } {
  const urls: string[] = [];
  const fetch: Fetch = async (input, init) => {
    const { url } = new Request(input, init);
    urls.push(url);
    return url.endsWith('/original')
      ? new Response('bytes')
      : Response.json({ result: { id: 'a', name: 'a', size: 1, time_added: 1 } });
  };
  return { api: new ApiClient({ token: accessToken, fetch }), urls };
}

describe('an id', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['empty', ''],
    ['a dot', '.'],
    ['two dots', '..'],
    ['a number', 5],
    ['a boolean', true],
    ['an object', {}],
    ['an array', ['a']],
    ['a String', Object('a')],
    ['a whole file', { id: 'a' }],
    ['the text of a file', 'a'.repeat(1_001)],
    ['half a character', '\ud800'],
    ['the other half', 'a\udc00b'],
  ])('that is %s is refused by every method, and nothing is sent', async (_, value) => {
    const { api, urls } = recordUrls();
    const id = value as string;
    for (const call of [() => api.files.get(id), () => api.files.download(id), () => api.files.delete(id)]) {
      const error = await rejection(call(), ConfigurationError);
      expect(error.code).toBe('invalid_argument');
      expect(error.message).toMatch(/^id\b/);
    }
    expect(thrown(() => api.files.url(id), ConfigurationError).message).toMatch(/^id\b/);
    expect(urls).toEqual([]);
  });

  test.each([
    ['2224c539-e5d6-425a-8e0d-9516db6dc462', '2224c539-e5d6-425a-8e0d-9516db6dc462'],
    ['a/b', 'a%2Fb'],
    ['../account', '..%2Faccount'],
    ['/etc', '%2Fetc'],
    ['a\\b', 'a%5Cb'],
    ['..\\account', '..%5Caccount'],
    ['%2e%2e', '%252e%252e'],
    ['%2E', '%252E'],
    ['...', '...'],
    ['a?b=c', 'a%3Fb%3Dc'],
    ['a#b', 'a%23b'],
    ['a b', 'a%20b'],
    ['a;b', 'a%3Bb'],
    ['ü', '%C3%BC'],
    ['😀', '%F0%9F%98%80'],
    ['a\r\nb', 'a%0D%0Ab'],
    ['a\tb', 'a%09b'],
    ['\u0000', '%00'],
    ['@evil.com', '%40evil.com'],
    ['http://evil.com/', 'http%3A%2F%2Fevil.com%2F'],
    ['//evil.com', '%2F%2Fevil.com'],
  ])('%j is one segment of the path: %s', async (id, segment) => {
    const { api, urls } = recordUrls();
    await api.files.get(id);
    await (await api.files.download(id)).text();
    await api.files.delete(id);
    const base = `https://api.doctape.com/v1/doc/${segment}`;
    expect(urls).toEqual([base, `${base}/original`, base]);
    const url = api.files.url(id);
    expect(url.origin + url.pathname).toBe(`${base}/original`);
  });
});

describe('a rendition', () => {
  test.each(renditions)('%s is the last segment of the path', (rendition) => {
    const { api } = recordUrls();
    expect(api.files.url('a', rendition).pathname).toBe(`/v1/doc/a/${rendition}`);
  });

  test.each<[unknown]>([
    [''],
    ['..'],
    ['thumb_640.jpg'],
    ['Original'],
    ['original/'],
    [null],
    [5],
    [['original']],
    [{}],
  ])('%j is refused, and nothing is sent', async (value) => {
    const { api, urls } = recordUrls();
    const rendition = value as Rendition;
    const error = await rejection(api.files.download('a', rendition), ConfigurationError);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toMatch(/^rendition\b/);
    expect(() => api.files.url('a', rendition)).toThrow(ConfigurationError);
    expect(urls).toEqual([]);
  });
});

describe('url()', () => {
  test('synchronously returns a URL with the token', () => {
    const { api, urls } = recordUrls();
    const url = api.files.url('a', 'thumb_320.jpg');
    expect(url).toBeInstanceOf(URL);
    expect(url.href).toBe(`https://api.doctape.com/v1/doc/a/thumb_320.jpg?access_token=${accessToken}`);
    expect(urls).toEqual([]);
  });

  test.each(['a+b/c==', 'a&b=c', 'a#b?c', 'a%20b', 'a b'])('contains the token %s unchanged', (token) => {
    const url = new ApiClient({ token }).files.url('a');
    expect(new URL(url.href).searchParams.getAll('access_token')).toEqual([token]);
    expect([...url.searchParams.keys()]).toEqual(['access_token']);
    expect(url.hash).toBe('');
  });
});

describe('options', () => {
  test('of list() are sent in the query', async () => {
    const urls: string[] = [];
    const fetch: Fetch = async (input, init) => {
      urls.push(new Request(input, init).url);
      return Response.json({ result: {} });
    };
    const api = new ApiClient({ token: accessToken, fetch });
    await api.files.list();
    await api.files.list({});
    await api.files.list({ includeMeta: true });
    await api.files.list({ includeMeta: false });
    expect(urls.map((url) => new URL(url).search)).toEqual(['', '', '?include_meta=true', '?include_meta=false']);
  });

  test.each<[unknown]>([['true'], [1], [null], [{}]])('with an includeMeta of %j are refused', async (includeMeta) => {
    const { api, urls } = recordUrls();
    const options = { includeMeta } as ListOptions;
    expect((await rejection(api.files.list(options), ConfigurationError)).message).toMatch(/^includeMeta\b/);
    expect(urls).toEqual([]);
  });

  test('that are null are refused by every method with a ConfigurationError', async () => {
    const { api, urls } = recordUrls();
    const options = null as unknown as CallOptions;
    const calls = [
      () => api.account.get(options),
      () => api.files.list(options),
      () => api.files.get('a', options),
      () => api.files.download('a', 'original', options),
      () => api.files.delete('a', options),
      () => api.files.upload(new Blob(['a']), options),
    ];
    for (const call of calls) {
      expect((await rejection(call(), ConfigurationError)).code).toBe('invalid_argument');
    }
    expect(urls).toEqual([]);
  });
});

const places: [
  string,
  () => Promise<{ api: ApiClient; clientOf: (name: string, scope?: string[]) => Promise<ApiClient> }>,
][] = [
  [
    'in the same process',
    async () => {
      const { sandbox, api } = await inProcess();
      return {
        api,
        clientOf: async (name, scope) =>
          new ApiClient({
            token: await tokenFor(sandbox, name, scope),
            baseUrl: `${origin}/v1`,
            fetch: sandbox.fetch,
          }),
      };
    },
  ],
  [
    'over HTTP',
    async () => {
      const { sandbox, url } = await servedForTest();
      const clientOf = async (name: string, scope?: string[]) =>
        new ApiClient({ token: await tokenFor(sandbox, name, scope, url), baseUrl: `${url}/v1` });
      return { api: await clientOf('alice'), clientOf };
    },
  ],
];

describe.each(places)('with a sandbox %s', (_, start) => {
  test('account.get() returns the signed-in user', async () => {
    const { clientOf } = await start();
    expect((await (await clientOf('bob')).account.get()).username).toBe('bob');
  });

  test('a file can be uploaded, listed, downloaded and deleted', async () => {
    const { api } = await start();
    expect(await api.files.list()).toEqual([]);
    const uploaded = await api.files.upload(new File(['a photo'], 'beach.jpg', { type: 'image/jpeg' }), {
      tags: ['holiday', 'sea side'],
      starred: true,
    });
    expect(uploaded).toEqual({ id: uploaded.id, name: 'beach.jpg', size: 7 });

    const info = await api.files.get(uploaded.id);
    expect(info).toMatchObject({
      id: uploaded.id,
      name: 'beach',
      extension: 'jpg',
      size: 7,
      media_type: 'image',
      tags: ['holiday', 'sea side'],
      starred: true,
      public_url: null,
    });
    expect(info.time_added).toBeInstanceOf(Date);
    expect((await api.files.list()).map((each) => each.id)).toEqual([uploaded.id]);
    expect((await api.account.get()).quota_used).toBe(7);

    const response = await api.files.download(uploaded.id);
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(await response.text()).toBe('a photo');

    expect(await api.files.delete(uploaded.id)).toBeUndefined();
    expect(await api.files.list()).toEqual([]);
    await rejection(api.files.get(uploaded.id), NotFoundError);
    await rejection(api.files.download(uploaded.id), NotFoundError);
    await rejection(api.files.delete(uploaded.id), NotFoundError);
  });

  test('a range of a file has the bytes of that range', async () => {
    const { api } = await start();
    const { id } = await api.files.upload(new Blob(['0123456789']));
    const part = async (range: { start: number; end?: number }) =>
      (await api.files.download(id, 'original', { range })).text();
    expect(await part({ start: 2, end: 4 })).toBe('234');
    expect(await part({ start: 7 })).toBe('789');
    expect(await part({ start: 0, end: 0 })).toBe('0');
    expect(await part({ start: 8, end: 1000 })).toBe('89');
  });

  test('an empty file can be uploaded and downloaded', async () => {
    const { api } = await start();
    const { id, size } = await api.files.upload(new Blob([]), { name: 'empty.txt' });
    expect(size).toBe(0);
    expect((await (await api.files.download(id)).arrayBuffer()).byteLength).toBe(0);
  });

  test.each([
    ['umlauts', 'Übergröße.txt', 'Übergröße.txt'],
    ['many scripts', 'отчёт-報告-👩‍🚀.pdf', 'отчёт-報告-👩‍🚀.pdf'],
    ['quotes', `say "hello".txt`, `say "hello".txt`],
    ['apostrophes and semicolons', `it's; name=x.txt`, `it's; name=x.txt`],
    ['several dots', 'archive.tar.gz', 'archive.tar.gz'],
    ['no extension', 'README', 'README'],
    ['a dot in front', '.profile', '.profile'],
  ])('a name with %s is preserved', async (__, name, expected) => {
    const { api } = await start();
    const uploaded = await api.files.upload(new Blob(['content']), { name });
    expect(uploaded.name).toBe(expected);
    const info = await api.files.get(uploaded.id);
    expect(info.extension === '' ? info.name : `${info.name}.${info.extension}`).toBe(expected);
    expect(await (await api.files.download(uploaded.id)).text()).toBe('content');
  });

  test.each([
    ['line breaks', 'a\r\nb\nc\rd.txt'],
    ['a header and content', 'x"\r\nContent-Type: text/html\r\n\r\nevil'],
    ['300 characters', `${'n'.repeat(296)}.txt`],
    ['the end of the body', 'x\r\n--doctape---\r\n'],
  ])('a name with %s is made harmless', async (__, name) => {
    const { api } = await start();
    const uploaded = await api.files.upload(new Blob(['content']), { name });
    expect(uploaded.size).toBe(7);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(uploaded.name).not.toMatch(/[\u0000-\u001f]/);
    expect(await api.files.list()).toHaveLength(1);
    const response = await api.files.download(uploaded.id);
    expect(response.headers.get('content-type')).not.toContain('html');
    expect(await response.text()).toBe('content');
  });

  test('tags that are empty or contain a comma are refused', async () => {
    const { api } = await start();
    for (const tags of [['a,b'], [''], ['good', ' '], ['a', 'b,']]) {
      const error = await rejection(api.files.upload(new Blob(['a']), { tags }), ConfigurationError);
      expect(error.message).toMatch(/^tags\b/);
    }
    expect(await api.files.list()).toEqual([]);
  });

  test('tags of every kind are stored', async () => {
    const { api } = await start();
    const tags = ['+bobby', '#bobby/wallpaper', 'ü & ö', 'a=b', '100%'];
    const { id } = await api.files.upload(new Blob(['a']), { tags });
    expect((await api.files.get(id)).tags).toEqual(tags);
  });

  test('a rendition that does not exist is not found', async () => {
    const { api } = await start();
    const { id } = await api.files.upload(new Blob(['a']));
    await rejection(api.files.download(id, 'video_1280.mp4'), NotFoundError);
  });

  test('a file of another user is not found', async () => {
    const { api, clientOf } = await start();
    const { id } = await api.files.upload(new Blob(['private']));
    const bob = await clientOf('bob');
    await rejection(bob.files.get(id), NotFoundError);
    await rejection(bob.files.download(id), NotFoundError);
    await rejection(bob.files.delete(id), NotFoundError);
    expect(await bob.files.list()).toEqual([]);
    expect((await api.files.get(id)).id).toBe(id);
  });

  test('an id that looks like a path traversal is not found', async () => {
    const { api } = await start();
    for (const id of ['../account', '%2e%2e', 'a/b', 'ü', 'account', '__proto__']) {
      await rejection(api.files.get(id), NotFoundError);
    }
  });

  test('a call without the required scope names it', async () => {
    const { api, clientOf } = await start();
    const { id } = await api.files.upload(new Blob(['a']));
    const reader = await clientOf('alice', ['file.read']);
    expect((await rejection(reader.files.delete(id), InsufficientScopeError)).requiredScopes).toEqual([
      'file.delete',
      'file.read',
    ]);
    expect((await rejection(reader.files.upload(new Blob(['a'])), InsufficientScopeError)).requiredScopes).toEqual([
      'file.create',
    ]);
    expect((await rejection(reader.account.get(), InsufficientScopeError)).requiredScopes).toEqual(['account.read']);
    expect(await reader.files.list()).toHaveLength(1);
  });

  test('a list keeps its order when files are added', async () => {
    const { api } = await start();
    const names = ['c.txt', 'a.txt', 'b.txt'];
    for (const name of names) await api.files.upload(new Blob([name]), { name });
    const first = (await api.files.list()).map(({ id }) => id);
    expect(new Set(first).size).toBe(3);
    expect((await api.files.list({ includeMeta: true })).map(({ id }) => id)).toEqual(first);
  });

  test('five concurrent uploads and downloads do not mix', async () => {
    const { api } = await start();
    const texts = ['one', 'two', 'three', 'four', 'five'].map((word) => word.repeat(50_000));
    const uploaded = await Promise.all(texts.map((text) => api.files.upload(new Blob([text]))));
    const back = await Promise.all(uploaded.map(async ({ id }) => (await api.files.download(id)).text()));
    expect(back).toEqual(texts);
  });
});

describe('over HTTP', () => {
  test('the URL of a file link opens without a header', async () => {
    const { sandbox, url } = await servedForTest();
    const api = new ApiClient({ token: await tokenFor(sandbox, 'alice', undefined, url), baseUrl: `${url}/v1/` });
    const { id } = await api.files.upload(new Blob(['linked']), { name: 'a.txt' });
    const response = await fetch(api.files.url(id));
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('linked');
  });

  test('an unknown token is an UnauthorizedError', async () => {
    const { url } = await servedForTest();
    const api = new ApiClient({ token: accessToken, baseUrl: `${url}/v1` });
    const calls = [
      () => api.account.get(),
      () => api.files.list(),
      () => api.files.get('a'),
      () => api.files.download('a'),
      () => api.files.delete('a'),
      () => api.files.upload(new Blob(['a'])),
    ];
    for (const call of calls) {
      const error = await rejection(call(), UnauthorizedError);
      expect(error).toMatchObject({ status: 401, code: 'http_401', challenge: { error: 'invalid_token' } });
    }
  });
});
