import { fileURLToPath } from 'node:url';
import { AuthorizationCodeClient } from 'doctape-sdk/server';
import { compareInProcesses, measureWhenAsked, ownProcess, timed } from './measure.ts';

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

/** In a process of its own, so that a client does not collect the garbage of the other one. Both are equally warm. */
async function measureSignIns(count: number): Promise<void> {
  const client = signing();
  client.pace = (2 * maxAge * 1_000) / count; // with 1, all others have expired
  for (let index = 0; index < remembered; index++) await client.signIn();
  measureWhenAsked(() =>
    timed(async () => {
      for (let call = 0; call < callsPerRound; call++) await client.signIn();
    }, callsPerRound),
  );
}

const script = fileURLToPath(import.meta.url);
const [, , count] = process.argv;
if (count !== undefined) await measureSignIns(Number(count));
else {
  const names: Record<string, number> = { 'none remembered': 1, [`${remembered} remembered`]: remembered };
  await compareInProcesses(Object.keys(names), (name) => ownProcess(script, String(names[name])), {
    rounds: 100,
    warmUp: 5,
    digits: 3,
  });
}
