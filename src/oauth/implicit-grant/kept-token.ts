import { scopeToken, visible } from '../../protocol/grammar.js';
import type { Token } from '../../protocol/schemas/token.js';

/** A token as it was remembered. Undefined for anything else: whatever is on the page can write to its storage. */
export function readKeptToken(text: string | null): Token | undefined {
  let kept: unknown;
  try {
    kept = JSON.parse(text ?? '');
  } catch {
    return undefined; // the error quotes the text
  }
  if (typeof kept !== 'object' || kept === null) return undefined;
  const { access_token, token_type, expires_at, scope } = kept as Partial<Record<keyof Token, unknown>>;
  const isToken = typeof access_token === 'string' && visible.test(access_token) && token_type === 'Bearer';
  if (!isToken || (expires_at !== undefined && typeof expires_at !== 'number')) return undefined;
  if (scope !== undefined && !isScope(scope)) return undefined;
  return { access_token, token_type, ...(expires_at !== undefined && { expires_at }), ...(scope && { scope }) };
}

function isScope(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((scope) => typeof scope === 'string' && scopeToken.test(scope));
}
