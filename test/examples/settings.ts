import type { SandboxUser } from '../../src/sandbox.js';
import type { ServedSandbox } from '../../src/serve.js';
import { appOf } from '../support/sandbox.js';

/** One user with a small quota. */
export const users: SandboxUser[] = [
  { username: 'alice', password: 'wonderland', email: 'alice@example.org', quota: 20_000_000 },
];

/** The environment variables of every example with a sign-in. */
export interface Settings extends Record<string, string> {
  DOCTAPE_URL: string;
  DOCTAPE_CLIENT_ID: string;
  DOCTAPE_CLIENT_SECRET: string;
  PUBLIC_URL: string;
  TOKEN_KEY: string;
}

export function settingsFor({ url, sandbox }: ServedSandbox, publicUrl: string): Settings {
  const { clientId, clientSecret = '' } = appOf(sandbox, 'server');
  return {
    DOCTAPE_URL: url,
    DOCTAPE_CLIENT_ID: clientId,
    DOCTAPE_CLIENT_SECRET: clientSecret,
    PUBLIC_URL: publicUrl,
    TOKEN_KEY: Buffer.alloc(32, 7).toString('base64url'),
  };
}
