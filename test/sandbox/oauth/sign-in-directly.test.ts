import { expect, it } from 'vitest';
import { ApiClient, ConfigurationError, InsufficientScopeError, scopes } from '../../../src/index.js';
import { createSandbox } from '../../../src/sandbox.js';
import { origin } from '../../support/sandbox.js';
import { rejection } from '../../support/scripted-server.js';

const now = () => 1_700_000_000_500;

it('issues a token of the user with all scopes', async () => {
  const sandbox = createSandbox({ now });
  const token = await sandbox.signIn('bob');
  const fiveYears = 157_680_000;
  expect(token).toEqual({
    access_token: expect.stringMatching(/^[\da-f-]{36}$/),
    token_type: 'Bearer',
    expires_at: 1_700_000_000 + fiveYears,
    scope: [...scopes],
  });
  const api = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch, now });
  expect((await api.account.get()).username).toBe('bob');
  await sandbox.reset();
  await expect(api.account.get()).rejects.toMatchObject({ code: 'http_401' });
});

it('limits the token to a scope, for an application', async () => {
  const sandbox = createSandbox();
  const [, clientApp] = sandbox.apps;
  const token = await sandbox.signIn('alice', { scope: ['file.read'], clientId: clientApp?.clientId });
  expect(token.scope).toEqual(['file.read']);
  const api = new ApiClient({ token, baseUrl: `${origin}/v1`, fetch: sandbox.fetch });
  expect(await api.files.list()).toEqual([]);
  const error = await rejection(api.account.get(), InsufficientScopeError);
  expect(error.requiredScopes).toEqual(['account.read']);
});

it.each<[unknown[], string]>([
  [['carol'], 'username must be one of alice, bob'],
  [[], 'username must be one of alice, bob'],
  [['alice', { scope: ['file.write'] }], 'scope contains an unknown scope'],
  [['alice', { scope: 'file.read' }], 'scope must be an array of scopes'],
  [['alice', { clientId: 'other' }], 'clientId must be the clientId of an application'],
  [['alice', { scopes: [] }], 'scopes is not an option; did you mean scope?'],
])('refuses %j', async (args, message) => {
  const call = Promise.resolve(Reflect.apply(createSandbox().signIn, undefined, args));
  expect((await rejection(call, ConfigurationError)).message).toContain(message);
});
