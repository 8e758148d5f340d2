import { invalid } from '../../protocol/checks.js';

// wire document section 7: choices 6, 9, 18, 35 and choice 37

/**
 * Undocumented behaviour that doctape had or may have had. All quirks are off by default:
 *
 * - `no-error-key`: a successful response has no `error` key, as in all captured responses
 * - `account-extras`: the account has the undocumented fields of 2014
 * - `refresh-tokens`: a token response has a refresh token that works, as in 2013
 * - `jsonp`: the query parameter `callback` turns a JSON response into a script
 * - `upload-by-url`: an upload with the text field `url` makes the sandbox fetch that URL
 */
export const quirks = ['no-error-key', 'account-extras', 'refresh-tokens', 'jsonp', 'upload-by-url'] as const;

/** One of the {@link quirks}. */
export type Quirk = (typeof quirks)[number];

export function checkQuirks(value: readonly Quirk[]): ReadonlySet<Quirk> {
  if (Array.isArray(value) && value.every((quirk) => quirks.includes(quirk))) return new Set(value);
  throw invalid('quirks', `must each be one of ${quirks.join(', ')}`);
}
