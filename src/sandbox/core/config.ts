import * as z from 'zod/mini';
import { invalid } from '../../protocol/checks.js';

/** A user who can sign in. */
export interface SandboxUser {
  username: string;
  password: string;
  email?: string | undefined;
  firstname?: string | undefined;
  lastname?: string | undefined;
  /** The storage of the user, in bytes. @default 5_000_000_000 */
  quota?: number | undefined;
}

/** An application that users can sign in to. */
export interface SandboxApp {
  clientId: string;
  /** An app of type `server` without a secret is a public client and must use PKCE. */
  clientSecret?: string | undefined;
  // wire document section 2.2
  /** `server` apps sign in by authorization code, `client` apps by implicit grant. */
  type: 'server' | 'client';
  /** The name that the consent page shows. */
  name: string;
  /**
   * The allowed redirect URIs. A loopback URI matches with any port. `loopback` allows every http and https URI of this
   * machine. The out-of-band URN is always allowed.
   */
  redirectUris: string[];
}

const text = z.string().check(z.minLength(1));

const config = z.strictObject({
  users: z.optional(
    z.array(
      z.strictObject({
        username: z.string().check(z.regex(/^[\w.-]{1,64}$/)),
        password: text,
        email: z.optional(z.string()),
        firstname: z.optional(z.string()),
        lastname: z.optional(z.string()),
        quota: z.optional(z.int().check(z.gte(0))),
      }),
    ),
  ),
  apps: z.optional(
    z.array(
      z.strictObject({
        clientId: text,
        clientSecret: z.optional(text),
        type: z.enum(['server', 'client']),
        name: text,
        redirectUris: z.array(text.check(z.refine((uri) => uri === 'loopback' || URL.canParse(uri)))),
      }),
    ),
  ),
});

/** The users and the applications that they can sign in to. */
export interface SandboxConfig {
  users: SandboxUser[];
  apps: SandboxApp[];
}

/**
 * Validates the configuration. Adds the built-in users and apps.
 * @throws {ConfigurationError} if an entry is invalid. The message names the first one
 */
export function readConfig(value: unknown): SandboxConfig {
  const parsed = z.safeParse(config, value);
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join('.');
    throw invalid(place || 'the configuration', 'is invalid: see "Users and apps" in docs/sandbox.md');
  }
  const { users = demoUsers, apps = demoApps } = parsed.data;
  const repeated = firstRepeated(users.map((user) => user.username)) ?? firstRepeated(apps.map((app) => app.clientId));
  if (repeated !== undefined)
    throw invalid(repeated, 'is in the configuration twice: usernames and client ids must be unique');
  return { users, apps };
}

function firstRepeated(names: string[]): string | undefined {
  return names.find((name, index) => names.indexOf(name) !== index);
}

const demoUsers: SandboxUser[] = [
  { username: 'alice', password: 'wonderland', firstname: 'Alice', email: 'alice@example.org' },
  { username: 'bob', password: 'builder', firstname: 'Bob', email: 'bob@example.org' },
];

const demoApps: SandboxApp[] = [
  {
    clientId: '5f0c1c0e-3c5e-4b57-9f0b-2d8c1f6b7a01',
    clientSecret: '3d9a7e52-6f14-4c8b-8e21-90b7c4d1e502',
    type: 'server',
    name: 'Demo server app',
    redirectUris: ['loopback', 'urn:ietf:wg:oauth:2.0:oob'],
  },
  {
    clientId: 'a2b4c6d8-1e3f-4a5b-8c7d-9e0f1a2b3c03',
    type: 'client',
    name: 'Demo client app',
    redirectUris: ['loopback', 'urn:ietf:wg:oauth:2.0:oob'],
  },
];
