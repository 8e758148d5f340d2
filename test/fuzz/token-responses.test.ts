import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigurationError, NetworkError, OAuthError } from '../../src/index.js';
import { AuthorizationCodeClient, type Fetch } from '../../src/server.js';
import {
  anyText,
  captureConsole,
  fuzzTimeout,
  headerText,
  inPieces,
  mutated,
  outcomeOf,
  pieceLengths,
  testProperty,
  usually,
} from '../support/fuzz.js';
import { leaks } from '../support/leaks.js';

// A token endpoint sends random responses. Each must become a token in the grammar of OAuth, or an error of the SDK without the
// credentials that were sent.

const clientSecret = 'canary secret "4b1f6a0e92"';
const code = 'canary/code+77c20d5b31';
const secrets = [clientSecret, code];

/** A placeholder for the credentials in the request. */
const echo = 'THE-ECHO';

const word = fc.oneof(anyText, fc.constantFrom(echo, `you sent ${echo}`, 'Bearer', 'bearer', '3600', 'file.read docs'));
const json = fc.oneof(word, fc.jsonValue({ depthSize: 'small' }), fc.constantFrom(null, 0, -1, 1e21, true, {}, []));

const good = fc.record({
  access_token: fc.constantFrom('token-1', ' ', '~'),
  token_type: fc.constantFrom('Bearer', 'bearer', 'BEARER'),
  expires_in: fc.option(fc.oneof(fc.nat(), fc.nat().map(String)), { nil: undefined }),
  scope: fc.option(fc.constantFrom('', 'file.read', 'file.read docs'), { nil: undefined }),
});
const refusal = fc.record(
  { error: word, error_description: json, error_uri: json, access_token: json, refresh_token: json },
  { requiredKeys: ['error'] },
);
const odd = fc.tuple(
  good,
  fc.dictionary(
    fc.oneof(fc.constantFrom('access_token', 'token_type', 'expires_in', 'scope', 'error', 'result'), word),
    json,
    { maxKeys: 3 },
  ),
);
const body = fc.oneof(
  good.map((value) => JSON.stringify(value)),
  refusal.map((value) => JSON.stringify(value)),
  odd.map(([value, changes]) => JSON.stringify({ ...value, ...changes })),
  good.chain((value) => mutated(JSON.stringify(value))),
  refusal.chain((value) => mutated(JSON.stringify(value))),
  json.map((value) => JSON.stringify(value)),
  word,
);

const status = usually(fc.constantFrom(200, 200, 200, 400, 401), fc.integer({ min: 200, max: 599 }));
const type = usually(
  fc.constantFrom(
    'application/json',
    'application/json; charset=utf-8',
    'text/json',
    'application/problem+json',
    undefined,
  ),
  headerText,
);

interface TestClient {
  /** The credentials in the last request: the client secret, the code and the verifier. */
  sent: string[];
  client: AuthorizationCodeClient;
}

function clientOf(respond: () => (text: (template: string) => string, sent: string[]) => Response): TestClient {
  const sent: string[] = [];
  const fetch: Fetch = async (input, init) => {
    const form = new URLSearchParams(await new Request(input, init).text());
    sent.splice(0, sent.length, clientSecret, form.get('code') ?? '', form.get('code_verifier') ?? '');
    return respond()((template) => template.replaceAll(echo, () => JSON.stringify(sent.join(' ')).slice(1, -1)), sent);
  };
  const client = new AuthorizationCodeClient({
    clientId: 'app',
    clientSecret,
    redirectUri: 'https://app.example/',
    fetch,
  });
  return { sent, client };
}

describe('a token response', { timeout: fuzzTimeout }, () => {
  it('becomes a token in the grammar of OAuth, or an error without secrets', async () => {
    const printed = captureConsole();
    let respond: (text: (template: string) => string) => Response = () => new Response();
    const { sent, client } = clientOf(() => respond);
    await testProperty(
      500,
      [status, type, body, pieceLengths, fc.boolean()],
      async (code_, kind, text, lengths, breaks) => {
        respond = (real) => {
          const headers = new Headers(kind === undefined ? [] : [['content-type', kind.replaceAll(echo, '')]]);
          const bytes = new TextEncoder().encode(real(text));
          const stream = inPieces(bytes, lengths, breaks && code_ % 7 === 0 ? 'breaks' : 'closes');
          return new Response([204, 205, 304].includes(code_) ? null : stream, { status: code_, headers });
        };
        const { state, pending } = await client.authorize();
        const exchange = () => client.exchange(new URLSearchParams({ code, state }), pending);
        const outcome = await outcomeOf(exchange, [...secrets, state, pending]);
        // a token may contain the echo: the SDK returns what the server sent
        if ('error' in outcome) {
          expect(leaks(outcome, sent)).toEqual([]);
          if (outcome.error instanceof OAuthError) expect(outcome.error.status).toBe(code_);
          return;
        }
        expect(code_).toBe(200);
        const { access_token, token_type, expires_at = 0, scope = [], ...rest } = outcome.value;
        expect(rest).toEqual({});
        expect(access_token).toMatch(/^[\x20-\x7e]+$/);
        expect(token_type).toBe('Bearer');
        expect(Number.isSafeInteger(expires_at)).toBe(true);
        for (const one of scope) expect(one).toMatch(/^[\x21\x23-\x5b\x5d-\x7e]+$/);
        expect(JSON.parse(text).error || undefined).toBe(undefined);
      },
    );
    expect(leaks(printed, secrets)).toEqual([]);
  });

  it('that never arrives becomes an error without secrets, whatever fetch throws', async () => {
    let thrown: unknown;
    const { client } = clientOf(() => (_, sent) => {
      throw typeof thrown === 'function' ? thrown(sent) : thrown;
    });
    const failure = fc.oneof(
      fc.anything(),
      fc.constantFrom(TypeError, DOMException, Error).map((kind) => (sent: string[]) => new kind(sent.join(' '))),
      fc.constantFrom('code', 'cause', 'name').map((name) => (sent: string[]) => {
        return Object.defineProperty(new TypeError('fetch failed'), name, { value: sent.join('_').toUpperCase() });
      }),
    );
    await testProperty(150, [failure], async (what) => {
      thrown = what;
      const { state, pending } = await client.authorize();
      const exchange = () => client.exchange(new URLSearchParams({ code, state }), pending);
      const outcome = await outcomeOf(exchange, [...secrets, state, pending]);
      // a failure of the network if it looks like one, else a mistake in the application's fetch
      const { error } = outcome as { error?: unknown };
      expect([ConfigurationError, NetworkError].some((kind) => error instanceof kind)).toBe(true);
    });
  });
});
