import * as z from 'zod/mini';
import { checkDuration, checkFunction, checkText, invalid, kindOf } from '../../protocol/checks.js';
import { scopeToken, visible } from '../../protocol/grammar.js';
import { checkOptions, type OptionNames } from '../../protocol/options.js';
import type { Token } from '../../protocol/schemas/token.js';
import { createSeal } from './seal.js';
import { checkNotInPage, checkPreviousSecrets } from './secrets.js';

/** The options of {@link createTokenSeal}. */
export interface TokenSealOptions {
  /**
   * How long a sealed token can be opened, in seconds. The token itself is valid for years: without a limit, so is a stolen
   * cookie. @default no limit
   */
  maxAge?: number | undefined;
  /** Secrets that were used before. What was sealed with them can still be opened; nothing is sealed with them. @default none */
  previousSecrets?: readonly string[] | undefined;
  /** The clock, in milliseconds since 1970. @default Date.now, looked up at every call */
  now?: (() => number) | undefined;
}

const sealOptions: OptionNames<TokenSealOptions> = { maxAge: 1, previousSecrets: 1, now: 1 };

/** Encrypts tokens for storage. */
export interface TokenSeal {
  /**
   * Encrypts a token.
   * @returns text of letters, digits, `-`, `_` and `.`, so that it fits in a cookie as it is
   * @throws {ConfigurationError} if it is not a token
   */
  seal(token: Token): Promise<string>;
  /**
   * Decrypts a token.
   * @param text what `seal()` returned; undefined, null, false and empty text are accepted, because a missing cookie gives them
   * @returns undefined if there is no token, or if it was altered, sealed with another secret, or is older than `maxAge`: sign in
   * again
   * @throws {ConfigurationError} if it is not text
   */
  open(text: string | null | undefined | false): Promise<Token | undefined>;
}

const least = 16;

const tokenSchema = z.object({
  access_token: z.string().check(z.regex(visible)),
  token_type: z.literal('Bearer'),
  expires_at: z.optional(z.number()),
  scope: z.optional(z.array(z.string().check(z.regex(scopeToken)))),
});

const sealedSchema = z.object({ token: tokenSchema, sealed_at: z.number() });

/**
 * Encrypts tokens, so that a stolen cookie, session store or backup does not contain any. It runs on a server: the secret must not
 * be in a page.
 *
 * @param secret at least 16 characters; use 32 random ones or more. Whoever has a sealed token can guess a weak secret offline.
 * Every instance of your application needs the same one. It need not be the client secret
 * @throws {ConfigurationError} if the secret is missing or too short, or an option is wrong
 * @example
 * const tokens = createTokenSeal(process.env.TOKEN_KEY, { maxAge: 12 * 60 * 60 });
 * const cookie = await tokens.seal(await client.exchange(request, pending));
 * const token = await tokens.open(cookie); // undefined: sign in again
 */
export function createTokenSeal(secret: string | undefined, options: TokenSealOptions = {}): TokenSeal {
  checkNotInPage('secret');
  const checked = checkText('secret', secret);
  if (checked.length < least) {
    throw invalid(
      'secret',
      `must have at least ${least} characters: make one with node -p "crypto.randomBytes(32).toString('base64url')"`,
    );
  }
  const {
    maxAge,
    previousSecrets,
    now = () => Date.now(),
  } = checkOptions('options of createTokenSeal', options, sealOptions);
  if (maxAge !== undefined) checkDuration('maxAge', maxAge, Number.MAX_SAFE_INTEGER);
  checkFunction('now', now);
  const { seal, open } = createSeal([checked, ...checkPreviousSecrets(previousSecrets)], 'doctape-sdk token');
  return {
    async seal(token) {
      const parsed = tokenSchema.safeParse(token);
      if (!parsed.success) throw invalid('token', 'must be a token as exchange() returns it');
      return seal({ token: parsed.data, sealed_at: now() });
    },
    async open(text) {
      if (text === undefined || text === null || text === false || text === '') return undefined;
      if (typeof text !== 'string') throw invalid('text', `must be what seal() returned, not ${kindOf(text)}`);
      const opened = sealedSchema.safeParse(await open(text));
      if (!opened.success) return undefined;
      const { token, sealed_at } = opened.data;
      return maxAge !== undefined && now() >= sealed_at + maxAge * 1000 ? undefined : token;
    },
  };
}
