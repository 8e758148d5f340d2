import { AuthorizationCodeClient } from 'doctape-sdk/server';
import { compare, timed } from './measure.ts';

/**
 * Measures a sign-in on a server (`authorize()` and `exchange()`) by a client that remembers no other sign-ins, and by one that
 * remembers 100,000. Half of them have expired, and as many expire during the measurement as there are calls.
 * Run it with `npm run bench:sign-in`.
 */

const remembered = 100_000;
const maxAge = 600;
const callsPerRound = 200;

const callback = 'https://app.example/callback';
const answer = JSON.stringify({ access_token: 'token-0123456789', token_type: 'bearer', expires_in: 3_600 });

interface Signing {
  signIn(): Promise<void>;
  /** Milliseconds to add to the clock at each sign-in. */
  pace: number;
}

function signing(): Signing {
  let now = Date.now();
  const client = new AuthorizationCodeClient({
    clientId: 'a',
    clientSecret: 'a secret that nobody could guess: 9b1c6f',
    redirectUri: callback,
    tokenEndpoint: 'https://server.example/token',
    pkce: false,
    maxAge,
    now: () => now,
    fetch: async () => new Response(answer, { headers: { 'content-type': 'application/json' } }),
  });
  const self: Signing = {
    pace: (2 * maxAge * 1_000) / remembered,
    async signIn() {
      now += self.pace;
      const { state, pending } = await client.authorize();
      await client.exchange(`${callback}?code=abc&state=${state}`, pending);
    },
  };
  return self;
}

const first = signing();
first.pace = 2 * maxAge * 1_000; // all others have expired
const full = signing();
const start = performance.now();
for (let count = 0; count < remembered; count++) await full.signIn();
console.log(`${remembered} sign-ins in ${((performance.now() - start) / 1_000).toFixed(0)} s`);

const round = (work: () => Promise<void>) => () =>
  timed(async () => {
    for (let call = 0; call < callsPerRound; call++) await work();
  }, callsPerRound);
await compare(
  { 'none remembered': round(first.signIn), [`${remembered} remembered`]: round(full.signIn) },
  { rounds: 25, warmUp: 3, digits: 3 },
);
