import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isMediaType } from '../../src/api/options/checks.js';
import { Failure } from '../../src/sandbox/core/failure.js';
import { quotaOf } from '../../src/sandbox/core/quota.js';
import { cleanFileName } from '../../src/sandbox/files/file-name.js';
import { receive } from '../../src/sandbox/files/receive.js';
import { memoryStore } from '../../src/sandbox/store/memory-store.js';
import { createSandbox } from '../../src/sandbox.js';
import { multipart } from '../../src/transport/upload/multipart.js';
import { contentsOf } from '../../src/transport/upload/source.js';
import {
  anyText,
  captureConsole,
  fuzzTimeout,
  headerText,
  inPieces,
  joined,
  mutated,
  pieceLengths,
  testProperty,
  usually,
} from '../support/fuzz.js';
import { tokenFor } from '../support/sandbox.js';
import { fetchChecked, type TestRequest } from '../support/sandbox-response.js';
import { watchedStore } from '../support/watched-store.js';

// Multipart bodies. Those of the SDK must arrive byte for byte, however they are split into chunks. To any other body, the sandbox
// must send a documented response.

const encoder = new TextEncoder();
const user = { username: 'alice', password: 'wonderland', quota: 1_000_000 };

interface Parts {
  name: string;
  type: string | undefined;
  bytes: Uint8Array;
}

/** The contents of a store after it received a body. */
async function received(body: ReadableStream, contentType: string): Promise<Parts[]> {
  const store = memoryStore();
  const quota = await quotaOf({ store, quotas: new Map() }, user);
  const request = new Request('http://localhost/', {
    method: 'POST',
    headers: { 'content-type': contentType },
    body,
    duplex: 'half',
  } as RequestInit);
  const { files } = await receive(store, request, { quotaFor: async () => quota });
  const parts: Parts[] = [];
  for (const { id, fileName, type, size } of files) {
    const content =
      size === 0 ? new Uint8Array() : await new Response(store.readBlob(id, { start: 0, end: size - 1 })).bytes();
    expect(content.byteLength).toBe(size);
    parts.push({ name: fileName, type, bytes: content });
  }
  expect(quota.free).toBe(user.quota - parts.reduce((sum, { bytes }) => sum + bytes.byteLength, 0));
  return parts;
}

/** Content that is similar to the boundary and the headers around it. */
const content = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .array(fc.constantFrom('\r', '\n', '-', '--', '\r\n--', 'doctape-', ':', 'a'), { maxLength: 30 })
    .map((all) => encoder.encode(all.join(''))),
  fc.nat(70_000).map((length) => new Uint8Array(length).fill(13)),
);

const type = usually(
  fc.constantFrom('image/jpeg', 'text/plain; charset=utf-8', 'application/octet-stream'),
  headerText.map((text) => `text/plain; ${text}`).filter(isMediaType),
);

/** Control characters that headers cannot contain. Line breaks are not included: they are encoded and decoded. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the pattern looks for
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g;

describe('a multipart body of the SDK', { timeout: fuzzTimeout }, () => {
  it('arrives byte for byte, with any file names and split in any way', async () => {
    const part = fc.record({ name: anyText, type, content });
    await testProperty(250, [fc.array(part, { minLength: 1, maxLength: 4 }), pieceLengths], async (given, lengths) => {
      // a part without a name and content is an empty file input of a form, and not a file
      const parts = given.filter(({ name, content }) => name !== '' || content.byteLength > 0);
      const contents = contentsOf(parts.map(({ content }) => new Blob([content as BlobPart])));
      const named = contents.map((content, index) => ({ name: '', type: '', ...parts[index], content }));
      const framed = multipart(named, 'file');
      const chunks: Uint8Array[] = [];
      for await (const chunk of framed.chunks(() => {})) chunks.push(chunk);
      const whole = joined(...chunks);
      expect(whole.byteLength).toBe(framed.length);
      const arrived = await received(inPieces(whole, lengths), framed.contentType);
      expect(arrived.map(({ bytes }) => Buffer.from(bytes).toString('base64'))).toEqual(
        parts.map(({ content }) => Buffer.from(content).toString('base64')),
      );
      for (const [index, { name, type }] of arrived.entries()) {
        expect(type?.trim()).toBe(parts[index]?.type.trim());
        const named = parts[index]?.name ?? '';
        // as in a browser, `%22` in a name cannot be distinguished from an encoded quote
        if (!named.includes('%')) expect(name).toBe(cleanFileName(named.replace(control, encodeURIComponent)));
      }
    });
  });
});

// A body is made of valid pieces in random order.

const boundary = usually(
  fc.constantFrom('b', 'doctape-1', "'()+_,-./:=?", 'a b', '-', '--', 'x'.repeat(70)),
  fc.oneof(headerText, fc.constant('y'.repeat(300))),
);
const line = fc.oneof(
  fc.constantFrom(
    'Content-Disposition: form-data; name="file"; filename="a.txt"',
    'Content-Disposition: form-data; name="tags"',
  ),
  fc.constantFrom(
    'Content-Disposition: form-data',
    'Content-Disposition: attachment; filename=a',
    'Content-Disposition:',
  ),
  fc.constantFrom(
    "Content-Disposition: form-data; name=file; filename*=UTF-8''%E0%A4%A",
    'Content-Type: text/plain',
    ':',
    'a',
  ),
  fc.constantFrom('Content-Transfer-Encoding: base64', 'Content-Length: -1', '__proto__: x', 'constructor: x'),
  mutated('Content-Disposition: form-data; name="file"; filename="a%22b.txt"; filename*=utf-8\'\'%e2%82%ac'),
  anyText.map((text) => `Content-Disposition: form-data; name="file"; filename="${text}"`),
  anyText.map((text) => `${text}: ${text}`),
  fc.nat(40_000).map((length) => `Content-Type: ${'x'.repeat(length)}`),
  anyText,
);
const piece = (edge: string) =>
  fc.oneof(
    fc.array(line, { maxLength: 4 }).map((lines) => encoder.encode(`${lines.join('\r\n')}\r\n\r\n`)),
    fc
      .constantFrom(
        `\r\n--${edge}\r\n`,
        `--${edge}\r\n`,
        `\r\n--${edge}--`,
        `--${edge}--\r\n`,
        `\r\n--${edge}`,
        `--${edge} \t\r\n`,
      )
      .map((text) => encoder.encode(text)),
    fc.constantFrom('\r\n', '\n', '\r', '--', 'preamble', 'epilogue').map((text) => encoder.encode(text)),
    content,
  );

const good = (edge: string) =>
  encoder.encode(
    `--${edge}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nabc\r\n--${edge}--\r\n`,
  );

const odd = boundary.chain((edge) =>
  fc.record({
    bytes: fc.oneof(
      fc.array(piece(edge), { maxLength: 10 }).map((all) => joined(...all)),
      fc
        .tuple(fc.array(piece(edge), { maxLength: 3 }), fc.array(piece(edge), { maxLength: 3 }))
        .map(([before, after]) => joined(...before, good(edge), ...after)),
      fc.tuple(fc.array(line, { maxLength: 4 }), content, fc.nat(400)).map(([lines, inside, cut]) => {
        const head = encoder.encode(`--${edge}\r\n${lines.join('\r\n')}\r\n\r\n`);
        const whole = joined(head, inside, encoder.encode('\r\n'), good(edge));
        return whole.subarray(0, cut > 200 ? whole.length : whole.length - cut);
      }),
    ),
    contentType: fc.oneof(
      fc.constant(`multipart/form-data; boundary=${edge}`),
      fc.constant(`multipart/form-data; boundary="${edge}"`),
      fc.constantFrom('multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary=""', ''),
      fc.constantFrom(`multipart/mixed; boundary=${edge}`, `Multipart/Form-Data; Boundary=${edge}; a=b`, 'text/plain'),
      headerText,
    ),
  }),
);

describe('any other body', { timeout: fuzzTimeout }, () => {
  it('is accepted or rejected with a documented response', async () => {
    const printed = captureConsole();
    const sandbox = createSandbox();
    const { access_token } = await tokenFor(sandbox, 'alice');
    const end = usually(fc.constant('closes' as const), fc.constant('breaks' as const));
    await testProperty(600, [odd, pieceLengths, end], async ({ bytes, contentType }, lengths, ending) => {
      const request: TestRequest = {
        method: 'POST',
        path: '/v1/doc/upload',
        headers: { authorization: `Bearer ${access_token}`, 'content-type': contentType },
        body: inPieces(bytes, lengths, ending),
      };
      const { status } = await fetchChecked(sandbox, request);
      expect([200, 400, 413]).toContain(status);
    });
    expect(printed).toEqual([]);
  });

  it('leaves nothing in the store when it is rejected', async () => {
    const store = watchedStore(memoryStore());
    await testProperty(200, [odd, pieceLengths], async ({ bytes, contentType }, lengths) => {
      await store.clear();
      const quota = await quotaOf({ store, quotas: new Map() }, user);
      const headers = { 'content-type': contentType };
      const body = inPieces(bytes, lengths, 'breaks');
      const request = new Request('http://localhost/', {
        method: 'POST',
        headers,
        body,
        duplex: 'half',
      } as RequestInit);
      const refused = await receive(store, request, { quotaFor: async () => quota }).then(
        ({ files }) => files.length === store.blobs.size,
        (error: unknown) => error instanceof Failure && store.blobs.size === 0 && quota.free === user.quota,
      );
      expect(refused).toBe(true);
    });
  });
});
