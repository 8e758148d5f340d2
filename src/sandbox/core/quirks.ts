import { invalid } from '../../protocol/checks.js';

/**
 * What doctape did, or may have done, beside its documentation (wire document section 7). Off, unless asked for:
 *
 * - `no-error-key`: a success has no `error` at all, as in every answer that survives (choice 6)
 * - `account-extras`: the account has the undocumented fields of 2014 (choice 35)
 * - `refresh-tokens`: as in 2013, a token comes with a refresh token that works (choice 9)
 * - `jsonp`: `callback` makes a script of a JSON answer (choice 37)
 * - `upload-by-url`: an upload with the text field `url` makes the sandbox fetch that address (choice 18)
 */
export const quirks = ['no-error-key', 'account-extras', 'refresh-tokens', 'jsonp', 'upload-by-url'] as const;

/** One of the {@link quirks}. */
export type Quirk = (typeof quirks)[number];

export function checkQuirks(value: readonly Quirk[]): ReadonlySet<Quirk> {
  if (Array.isArray(value) && value.every((quirk) => quirks.includes(quirk))) return new Set(value);
  throw invalid('quirks', `must each be one of ${quirks.join(', ')}`);
}
