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
   * How long a sealed token can be opened, in seconds. Set it: the token itself is valid for years, and without a limit a stolen
   * cookie is too. @default no limit
   */
  maxAge?: number | undefined;
  /**
   * Secrets that were used before. Tokens that were sealed with them can still be opened. New tokens are sealed with `secret`.
   * @default none
   * @example
   * createTokenSeal(newKey, { previousSecrets: [oldKey] });
   */
  previousSecrets?: readonly string[] | undefined;
  /** The clock, in milliseconds since 1970. @default Date.now, looked up at every call */
  now?: (() => number) | undefined;
}

const sealOptions: OptionNames<TokenSealOptions> = { maxAge: 1, previousSecrets: 1, now: 1 };

/** Encrypts and decrypts tokens. Created by {@link createTokenSeal}. */
export interface TokenSeal {
  /**
   * Encrypts a token.
   * @returns a string of letters, digits, `-`, `_` and `.`, which needs no encoding in a cookie
   * @throws {ConfigurationError} if the argument is not a token
   * @example
   * const cookie = await tokens.seal(await client.exchange(request, pending));
   */
  seal(token: Token): Promise<string>;
  /**
   * Decrypts a token.
   * @param text the string that `seal()` returned. It may be undefined, null, false or empty, as frameworks return for a missing
   * cookie
   * @returns undefined if there is no token, or if it was altered, was sealed with another secret, or is older than `maxAge`. The
   * user then has to sign in again
   * @throws {ConfigurationError} if the argument is not a string
   * @example
   * const token = await tokens.open(cookie);
   * if (!token) response.redirect('/login');
   */
  open(text: string | null | undefined | false): Promise<Token | undefined>;
}

const minimumLength = 16;

const tokenSchema = z.object({
  access_token: z.string().check(z.regex(visible)),
  token_type: z.literal('Bearer'),
  expires_at: z.optional(z.number()),
  scope: z.optional(z.array(z.string().check(z.regex(scopeToken)))),
});

const sealedSchema = z.object({ token: tokenSchema, sealed_at: z.number() });

/**
 * Encrypts tokens for storage, so that a stolen cookie, session store or backup does not reveal them. For servers only: a secret
 * in a browser page is not a secret.
 *
 * @param secret at least 16 characters. Use 32 or more random characters: an attacker who has a sealed token can try to guess a
 * weak secret offline. All instances of your application need the same secret. It can differ from the client secret
 * @throws {ConfigurationError} if the secret is missing or too short, or an option is invalid
 * @example
 * import { createTokenSeal } from 'doctape-sdk/server';
 *
 * const tokens = createTokenSeal(process.env.TOKEN_KEY, { maxAge: 12 * 60 * 60 });
 * const cookie = await tokens.seal(await client.exchange(request, pending));
 * const token = await tokens.open(cookie); // undefined: sign in again
 */
export function createTokenSeal(secret: string | undefined, options: TokenSealOptions = {}): TokenSeal {
  checkNotInPage('secret');
  const checked = checkText('secret', secret);
  if (checked.length < minimumLength) {
    throw invalid(
      'secret',
      `must have at least ${minimumLength} characters: create one with node -p "crypto.randomBytes(32).toString('base64url')"`,
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
      if (!parsed.success) throw invalid('token', 'must be a token that exchange() returned');
      return seal({ token: parsed.data, sealed_at: now() });
    },
    async open(text) {
      if (text === undefined || text === null || text === false || text === '') return undefined;
      if (typeof text !== 'string')
        throw invalid('text', `must be the string that seal() returned, not ${kindOf(text)}`);
      const opened = sealedSchema.safeParse(await open(text));
      if (!opened.success) return undefined;
      const { token, sealed_at } = opened.data;
      return maxAge !== undefined && now() >= sealed_at + maxAge * 1000 ? undefined : token;
    },
  };
}
