import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { AuthorizationCodeClient } from '../../src/server.js';
import { ViewClient } from '../../src/view.js';
import { inProcess } from '../support/sandbox.js';
import { blocksOf } from './pages.js';
import { linesOf, rowsUnder } from './tables.js';

// Checks that citations of docs/wire.md name existing sections and choices, and that the SDK can read its examples.

const page = 'docs/wire.md';

interface Citation {
  file: string;
  what: 'section' | 'choice';
  number: string;
}

const list = String.raw`\d+(?:\.\d+)*(?:(?:, and |, | and | to )\d+(?:\.\d+)*)*`;
const citing = new RegExp(`wire document(?:(?:, and|,| and)? (?:sections?|choices?) ${list})+`, 'gi');
const numbered = new RegExp(`(section|choice)s? (${list})`, 'gi');

/** Expands `8 to 10, and 12` to 8, 9, 10 and 12, and `6.1 to 6.3` to 6.1, 6.2 and 6.3. */
function numbersIn(text: string): string[] {
  return text.split(/,? and |, /).flatMap((part) => {
    const [first = '', last = first] = part.split(' to ');
    const [, before = '', from = ''] = /^(.*?)(\d+)$/.exec(first) ?? [];
    const to = Number(last.split('.').at(-1));
    return Array.from({ length: to - Number(from) + 1 }, (_, index) => before + (Number(from) + index));
  });
}

function citationsIn(file: string): Citation[] {
  // joins the lines of a comment, which start with a star or two slashes
  const text = readFileSync(file, 'utf8').replace(/\n[ \t]*(?:\*|\/\/)?[ \t]*/g, ' ');
  if (!/wire document/i.test(text)) return [];
  const cited = file === page ? [text] : (text.match(citing) ?? []);
  // a file that cites the document can also cite a choice by its number alone
  const alone = text.replace(citing, '').match(/\bchoices? \d+/gi) ?? [];
  return [...cited, ...alone].flatMap((citation) =>
    [...citation.matchAll(numbered)].flatMap(([, word = '', numbers = '']) =>
      numbersIn(numbers).map((number) => ({ file, what: word.toLowerCase() as Citation['what'], number })),
    ),
  );
}

const files = ['src', 'test', 'docs'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => join(folder, file))
    .filter(
      (file) => /\.(?:[cm]?[jt]sx?|md)$/.test(file) && !/[\\/](?:node_modules|reference|dist|\.next)[\\/]/.test(file),
    ),
);
const citations = ['README.md', ...files].flatMap(citationsIn);

const sections = linesOf(page).flatMap((line) => {
  const numbers = new RegExp(`^##+ (${list}) `).exec(line)?.[1];
  return numbers === undefined ? [] : numbersIn(numbers);
});
const choices = rowsUnder('Choice', page).flatMap(({ cells: [numbers = ''] }) => numbersIn(numbers));

describe('a citation of the wire document', () => {
  it('is found in every form, also across lines', () => {
    expect(citations.length).toBeGreaterThan(80);
    const found = citations.map(({ file, what, number }) => `${file}: ${what} ${number}`);
    expect(found).toEqual(
      expect.arrayContaining([
        'src/protocol/endpoints.ts: section 1.1',
        'src/protocol/renditions.ts: section 3.2',
        'src/protocol/renditions.ts: section 3.3',
        'src/sandbox/media/audio-video/audio-meta.ts: section 4',
        'src/sandbox/oauth/authorization.ts: choice 8',
        'src/sandbox/oauth/authorization.ts: choice 15',
        'src/sandbox/oauth/scopes.ts: section 2.7',
        'src/sandbox/oauth/scopes.ts: choice 13',
        'src/sandbox/core/quirks.ts: choice 37',
        'test/sandbox/server/quirks-2013.test.ts: section 6.12',
        'docs/wire.md: choice 56',
      ]),
    );
  });

  it('names an existing section or choice', () => {
    const wrong = citations.filter(({ what, number }) => !(what === 'section' ? sections : choices).includes(number));
    expect(wrong.map(({ file, what, number }) => `${file}: ${page} has no ${what} ${number}`)).toEqual([]);
  });
});

describe('docs/wire.md', () => {
  it('numbers its sections and choices without duplicates and gaps', () => {
    expect(new Set(sections).size).toBe(sections.length);
    expect(choices).toEqual(choices.map((_, index) => String(index + 1)));
  });

  const examples = blocksOf(page).map(({ place, text }) => ({
    place: place.replace(`${page}: `, ''),
    body: JSON.parse(text),
  }));

  /** A `fetch` that reads the request body, and responds with this body. */
  function respondWith(body: unknown, status = 200) {
    return async (_input: unknown, init?: RequestInit) => {
      await new Response(init?.body ?? null).arrayBuffer();
      return Response.json(body, { status });
    };
  }

  const apiWith = (body: unknown, status?: number) =>
    new ApiClient({ token: 'a-token', retry: false, fetch: respondWith(body, status) });

  async function exchange(body: unknown, status?: number): Promise<unknown> {
    const client = new AuthorizationCodeClient({
      clientId: 'an-app',
      clientSecret: 'a-secret',
      redirectUri: 'https://app.example/callback',
      fetch: respondWith(body, status),
    });
    const { state, pending } = await client.authorize();
    return client.exchange(`?code=a-code&state=${state}`, pending);
  }

  const readers: Record<string, (body: unknown) => Promise<unknown>> = {
    '2.3 Authorization code': (body) => exchange(body),
    '2.9 Errors': (body) => exchange(body, 400).catch(({ name, code }) => ({ name, code })),
    '3.0 The envelope': (body) =>
      apiWith(body, 401)
        .account.get()
        .catch(({ name, code }) => ({ name, code })),
    '3.1 The account': (body) => apiWith(body).account.get(),
    '3.2 Files': (body) => apiWith(body).files.get('an-id'),
    '3.2 Files (2)': (body) => apiWith(body).files.upload(new Blob(['content'])),
    '3.4 Tapes': (body) => apiWith(body).tapes.get('an-id'),
    '5.2 Operations': (body) => {
      const fetch = respondWith(body);
      const view = new ViewClient({ clientId: 'an-app', clientSecret: 'a-secret', fetch });
      return view.upload('dora@example.org', [new Blob(['photo']), new Blob(['scan'])]);
    },
  };
  const expected: Record<string, object> = {
    '2.3 Authorization code': { access_token: 'c81f4e29-7b3d-4065-a9e8-3d5b6c7f1a02' },
    '2.9 Errors': { name: 'OAuthError', code: 'invalid_grant' },
    '3.0 The envelope': { name: 'UnauthorizedError', code: 'http_401' },
    '3.1 The account': { username: 'dora', quota_free: 4_918_759_338 },
    '3.2 Files': { name: 'harbour at dawn', time_added: new Date('2013-09-30T14:00:00Z') },
    '3.2 Files (2)': { name: 'harbour at dusk.jpg', size: 517_904 },
    '3.4 Tapes': { name: 'holiday', live: true },
    '5.2 Operations': [{ field: 'photo', size: 482_113 }, { error: 'the quota is used up' }],
  };

  it('has a test for every example', () => {
    expect(examples.map(({ place }) => place)).toEqual(Object.keys(readers));
  });

  it.each(examples)('has an example in $place that the SDK can read', async ({ place, body }) => {
    expect(await readers[place]?.(body)).toMatchObject(expected[place] ?? {});
  });

  it('has examples with the fields that the sandbox sends', async () => {
    const { api } = await inProcess();
    const { id } = await api.files.upload(new Blob(['content']), { tags: ['#holiday'] });
    const [tape] = await api.tapes.list();
    const sent = {
      '3.1 The account': await api.request<object>('account'),
      '3.2 Files': await api.request<object>(`doc/${id}`),
      '3.4 Tapes': await api.request<object>(`tape/${tape?.id}`),
    };
    for (const [place, result] of Object.entries(sent)) {
      const example = examples.find((each) => each.place === place);
      expect(Object.keys(example?.body.result), place).toEqual(Object.keys(result));
    }
  });
});
