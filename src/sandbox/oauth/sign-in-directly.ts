import { checkScope, invalid } from '../../protocol/checks.js';
import { tokenLifetime } from '../../protocol/endpoints.js';
import { checkOptions } from '../../protocol/options.js';
import type { Token } from '../../protocol/schemas/token.js';
import { scopes } from '../../protocol/scopes.js';
import type { SandboxContext } from '../core/context.js';
import { fingerprint } from '../core/fingerprint.js';
import { grantedScope } from './scopes.js';

/** Issues a token to a user, without an authorization request. */
export async function signInDirectly(
  { users, apps, store, now }: SandboxContext,
  username: string,
  options: { scope?: readonly string[] | undefined; clientId?: string | undefined } = {},
): Promise<Token> {
  const { scope = scopes, clientId = [...apps.keys()][0] } = checkOptions('options of signIn', options, {
    scope: 1,
    clientId: 1,
  });
  if (!users.has(username)) throw invalid('username', `must be one of ${[...users.keys()].join(', ')}`);
  if (clientId === undefined || !apps.has(clientId)) {
    throw invalid('clientId', 'must be the clientId of an application of this sandbox');
  }
  const granted = grantedScope(checkScope('scope', scope).join(' '));
  if (!granted) throw invalid('scope', `contains an unknown scope: the scopes are ${scopes.join(', ')}`);
  const access_token = crypto.randomUUID();
  const expires = now() + tokenLifetime * 1000;
  const key = fingerprint(access_token);
  await store.commit([{ put: 'tokens', key, record: { key, username, client_id: clientId, scope: granted, expires } }]);
  return { access_token, token_type: 'Bearer', expires_at: Math.floor(expires / 1000), scope: granted };
}
