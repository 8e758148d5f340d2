import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { expect, expectTypeOf, it, onTestFinished } from 'vitest';
import { AuthorizationCodeClient, type Callback } from '../../src/server.js';

/** The value that a route of an Express application passes to `exchange()`. */
async function fromExpress(query: string, parser: 'simple' | 'extended', pick: (request: express.Request) => unknown) {
  let picked: unknown;
  const app = express().set('query parser', parser);
  app.get('/callback', (request, response) => {
    picked = pick(request);
    response.end();
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  await (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/callback?${query}`)).text();
  return picked;
}

/** The result of a sign-in whose callback has this query. */
async function outcomeOf(query: string, parser: 'simple' | 'extended', pick: (request: express.Request) => unknown) {
  const codes: (string | null)[] = [];
  const client = new AuthorizationCodeClient({
    clientId: 'app-1',
    clientSecret: 'the-secret-of-app-1',
    redirectUri: 'https://app.example/callback',
    fetch: async (input, init) => {
      codes.push(new URLSearchParams(await new Request(input, init).text()).get('code'));
      return Response.json({ access_token: 'token-of-alice', token_type: 'Bearer' });
    },
  });
  const { state, pending } = await client.authorize();
  const callback = await fromExpress(query.replaceAll('STATE', state), parser, pick);
  const error: unknown = await Reflect.apply(client.exchange, client, [callback, pending]).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { codes, error };
}

const picks: [string, (request: express.Request) => unknown][] = [
  ['the request', (request) => request],
  ['request.query', (request) => request.query],
  ['request.url', (request) => request.url],
];

for (const parser of ['simple', 'extended'] as const) {
  it.each(picks)(`exchange() accepts %s of Express, with the ${parser} query parser`, async (_, pick) => {
    const { codes, error } = await outcomeOf(
      'code=a%2Bb%20c%25&state=STATE&code=&error=&filter[tag]=x&url=/x',
      parser,
      pick,
    );
    expect(error).toBeUndefined();
    expect(codes).toEqual(['a+b c%']);
  });

  it.each(['code=a&code=b&state=STATE', 'code=a&state=STATE&state=STATE'])(
    `exchange() refuses a duplicated parameter, with the ${parser} query parser: %s`,
    async (query) => {
      for (const [, pick] of picks) {
        const { codes, error } = await outcomeOf(query, parser, pick);
        expect(error).toMatchObject({ name: 'CallbackError', code: 'malformed_callback' });
        expect(codes).toEqual([]);
      }
    },
  );
}

it.each(['code[x]=a&state=STATE', 'code[]=a&code[]=b&state=STATE', 'code=a&state[toString]=STATE'])(
  'exchange() refuses nested parameters of the extended query parser: %s',
  async (query) => {
    const { codes, error } = await outcomeOf(query, 'extended', (request) => request.query);
    expect(error).toMatchObject({ name: 'CallbackError' });
    expect(codes).toEqual([]);
  },
);

it('the types of Express can be passed to exchange()', () => {
  expectTypeOf<express.Request>().toExtend<Callback>();
  expectTypeOf<express.Request['query']>().toExtend<Callback>();
});
