import { scopeToken, visible } from '../../protocol/grammar.js';
import { parseJson } from '../../protocol/schemas/envelope.js';
import type { Token } from '../../protocol/schemas/token.js';

/** Parses a stored token. Returns undefined for anything else, because every script on the page can write to the storage. */
export function readStoredToken(text: string | null): Token | undefined {
  const stored = parseJson(text ?? '');
  if (typeof stored !== 'object' || stored === null) return undefined;
  const { access_token, token_type, expires_at, scope } = stored as Partial<Record<keyof Token, unknown>>;
  const isToken = typeof access_token === 'string' && visible.test(access_token) && token_type === 'Bearer';
  if (!isToken || (expires_at !== undefined && typeof expires_at !== 'number')) return undefined;
  if (scope !== undefined && !isScope(scope)) return undefined;
  return { access_token, token_type, ...(expires_at !== undefined && { expires_at }), ...(scope && { scope }) };
}

function isScope(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((scope) => typeof scope === 'string' && scopeToken.test(scope));
}
