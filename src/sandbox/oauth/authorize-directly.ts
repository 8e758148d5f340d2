import { invalid } from '../../protocol/checks.js';
import { OAuthError } from '../../protocol/errors.js';
import { checkOptions } from '../../protocol/options.js';
import { parseUrl } from '../../protocol/urls.js';
import type { SandboxContext } from '../core/context.js';
import { approve, decline, readAuthorization } from './authorization.js';

/** Handles an authorization request without a browser and without the user's password. */
export async function authorizeDirectly(
  context: SandboxContext,
  url: string | URL,
  options: { username: string; approve?: boolean | undefined },
): Promise<URL> {
  const { username, approve: approved = true } = checkOptions('options of authorize', options, {
    username: 1,
    approve: 1,
  });
  const parsed = url instanceof URL ? url : typeof url === 'string' ? parseUrl(url) : undefined;
  if (!parsed) throw invalid('url', 'must be an absolute authorization URL');
  const user = context.users.get(username);
  if (!user) throw invalid('username', `must be one of ${[...context.users.keys()].join(', ')}`);
  const check = readAuthorization(context, parsed);
  if ('refused' in check) {
    const { error, error_description } = check.refused;
    throw new OAuthError(error, `the sandbox refused: ${error_description}`, {
      description: error_description,
      status: 400,
    });
  }
  if ('redirect' in check) return new URL(check.redirect);
  return new URL(approved ? await approve(context, check.request, user) : decline(check.request));
}
