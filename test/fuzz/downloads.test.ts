import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiClient, type ByteRange, type Fetch } from '../../src/index.js';
import { fuzzTimeout, inPieces, joined, outcomeOf, pieceLengths, testProperty, usually } from '../support/fuzz.js';

// The SDK resumes downloads by itself. For any server, a download must yield the bytes of exactly one version of the file, or fail.
// The servers here misbehave at random, with two exceptions that no client can detect: a server that ignores `If-Range` names the
// version that it sends, and a server that declares no length does not close a truncated body.

const token = 'canary-token-e09a64f8d5';

interface Version {
  bytes: Uint8Array<ArrayBuffer>;
  tag: string;
  modified: string;
}

function versionsOf(size: number, growth: number): [Version, Version] {
  const version = (length: number, salt: number, day: string): Version => ({
    bytes: Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8) + salt) & 0xff),
    tag: `"version-${salt}"`,
    modified: `Mon, ${day} Jan 2014 10:00:00 GMT`,
  });
  return [version(size, 1, '06'), version(size + growth, 77, '13')];
}

/** How a server handles one request. */
const step = fc.record({
  version: usually(fc.constant(0 as const), fc.constant(1 as const)),
  status: usually(fc.constant('as requested' as const), fc.constantFrom(200, 204, 206, 302, 404, 412, 416, 500, 503)),
  /** Whether it supports `Range` and `If-Range`. */
  ranges: usually(fc.constant('as requested' as const), fc.constantFrom('ignored' as const, 'unconditional' as const)),
  /** How far the range that it sends, and declares, differs from the requested one. */
  shift: usually(fc.constant([0, 0]), fc.tuple(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -3, max: 3 }))),
  tag: usually(fc.constant('strong' as const), fc.constantFrom('weak' as const, 'none' as const, 'odd' as const)),
  modified: fc.boolean(),
  accepts: usually(fc.constant('bytes'), fc.constantFrom('none', 'Bytes', 'bytes, pages', 'kilobytes', undefined)),
  rangeText: usually(
    fc.constant('right' as const),
    fc.constantFrom('none' as const, 'unknown size' as const, 'odd' as const),
  ),
  length: usually(
    fc.constant('right' as const),
    fc.constantFrom('none' as const, 'short' as const, 'long' as const, 'odd' as const),
  ),
  encoding: usually(fc.constant(undefined), fc.constantFrom('identity', 'x-odd')),
  /** The fraction of the body after which it breaks off. */
  cut: usually(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  end: fc.constantFrom('closes' as const, 'breaks' as const),
  fails: usually(fc.constant(false), fc.constant(true)),
  lengths: pieceLengths,
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

function respond(versions: [Version, Version], step: Step, headers: Headers): Response {
  if (step.fails) throw new TypeError('fetch failed');
  const version = versions[step.version];
  const requested = /^bytes=(\d+)-(\d*)$/.exec(headers.get('range') ?? '');
  const condition = headers.get('if-range');
  const matches = condition === null || condition === version.tag || condition === version.modified;
  const isPartial = requested && (step.ranges === 'unconditional' || (step.ranges === 'as requested' && matches));
  const size = version.bytes.byteLength;
  const [fromShift = 0, toShift = 0] = step.shift;
  const start = isPartial ? Math.max(0, Number(requested[1]) + fromShift) : 0;
  const end = Math.min(
    size - 1,
    (isPartial && requested[2] ? Number(requested[2]) : size - 1) + (isPartial ? toShift : 0),
  );
  if (isPartial && start > end) return new Response('{}', { status: 416 });
  const status = step.status === 'as requested' ? (isPartial ? 206 : 200) : step.status;
  if (status === 204) return new Response(null, { status });

  const whole = version.bytes.subarray(start, end + 1);
  const fields = new Headers();
  const tags = { strong: version.tag, weak: `W/${version.tag}`, odd: 'version', none: undefined };
  // a server that sends a part of another version than requested names that version
  const namesVersion = isPartial && !matches;
  const tag = tags[namesVersion ? 'strong' : step.tag];
  if (tag !== undefined) fields.set('etag', tag);
  if (step.modified || namesVersion) fields.set('last-modified', version.modified);
  fields.set('date', new Date().toUTCString());
  if (step.accepts !== undefined) fields.set('accept-ranges', step.accepts);
  if (step.encoding !== undefined) fields.set('content-encoding', step.encoding);
  const ranges = {
    right: `bytes ${start}-${end}/${size}`,
    'unknown size': `bytes ${start}-${end}/*`,
    odd: `pages ${start}-${end}/${size}`,
    none: undefined,
  };
  const range = status === 206 ? ranges[step.rangeText] : undefined;
  if (range !== undefined) fields.set('content-range', range);
  const lengths = {
    right: whole.byteLength,
    short: whole.byteLength - 1,
    long: whole.byteLength + 1,
    odd: 'many',
    none: undefined,
  };
  const length = lengths[step.length];
  if (length !== undefined) fields.set('content-length', String(length));

  // a body that is truncated to exactly its declared length looks complete
  const cut = step.length === 'short' ? 1 : step.cut;
  const sent = whole.subarray(0, Math.ceil(cut * whole.byteLength));
  const declared = range?.startsWith('bytes') || (/^\d+$/.test(String(length)) && step.encoding === undefined);
  const complete = sent.byteLength === whole.byteLength;
  const ends = complete || declared ? step.end : 'breaks';
  return new Response(inPieces(sent, step.lengths, ends), { status, headers: fields });
}

describe('a download', { timeout: fuzzTimeout }, () => {
  it('yields exactly the bytes of one version, or fails', async () => {
    const range = fc.option(
      fc.record({ start: fc.nat(40), length: fc.option(fc.nat(60), { nil: undefined }), bound: fc.boolean() }),
      { nil: undefined, freq: 2 },
    );
    const steps = fc.array(step, { minLength: 1, maxLength: 5 });
    let resumed = 0;
    const inputs = [fc.nat(100), usually(fc.nat(3), fc.constant(0)), steps, range] as const;
    await testProperty<
      [number, number, Step[], { start: number; length: number | undefined; bound: boolean } | undefined]
    >(1500, [...inputs], async (size, growth, step, wanted) => {
      const versions = versionsOf(size, growth);
      let request = 0;
      const fetch: Fetch = async (_, init) => {
        const headers = new Headers(init?.headers);
        expect(headers.get('authorization')).toBe(`Bearer ${token}`);
        const next = step[request++ % step.length];
        if (!next) throw new Error('the list of steps is empty');
        return respond(versions, next, headers);
      };
      const api = new ApiClient({
        token,
        baseUrl: 'https://api.example/v1',
        fetch,
        retry: { limit: 2, maxDelay: 0.01 },
      });
      const range: ByteRange | undefined = wanted && {
        start: wanted.start,
        ...(wanted.length !== undefined && { end: wanted.start + wanted.length }),
        ...(wanted.bound && { ifRange: versions[0].tag }),
      };
      const counted: number[] = [];
      const download = async () => {
        const response = await api.files.download('a', 'original', {
          ...(range && { range }),
          onProgress: ({ loaded }) => counted.push(loaded),
          signal: AbortSignal.timeout(8_000),
        });
        const chunks: Uint8Array[] = [];
        for await (const chunk of response.body ?? []) chunks.push(chunk);
        return joined(...chunks);
      };
      const outcome = await outcomeOf(download, [token]);
      expect(counted).toEqual([...counted].sort((a, b) => a - b));
      if (!('value' in outcome)) return;
      const expected = versions
        .slice(0, range?.ifRange === undefined ? 2 : 1)
        .map(({ bytes }) =>
          range ? bytes.subarray(range.start, range.end === undefined ? undefined : range.end + 1) : bytes,
        )
        .map((bytes) => Buffer.from(bytes).toString('hex'));
      expect(expected).toContain(Buffer.from(outcome.value).toString('hex'));
      expect(counted.at(-1)).toBe(outcome.value.byteLength);
      if (request > 1) resumed++;
    });
    expect(resumed).toBeGreaterThan(0); // otherwise the test has tested nothing
  });
});
