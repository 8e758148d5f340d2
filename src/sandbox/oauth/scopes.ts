import { type Scope, scopes } from '../../protocol/scopes.js';

/** The lines of the consent page. */
export const scopeDescriptions: Record<(typeof scopes)[number], string> = {
  'account.read': 'See your name, e-mail address and storage use',
  'file.create': 'Upload and copy files',
  'file.read': 'See and download your files',
  'file.update': 'Rename, tag and publish your files',
  'file.delete': 'Delete your files',
  'tape.read': 'See your tapes and what is on them',
  'tape.update': 'Change your tapes and whom they are shared with',
};

/** The scopes of 2013 and their current names (wire document section 2.7, and section 7 choice 13). */
const aliases: Record<string, Scope[]> = {
  account: ['account.read'],
  docs: ['file.read', 'file.update', 'file.delete', 'tape.read', 'tape.update'],
  upload: ['file.create'],
};

/** The current names of the scopes in a `scope` parameter. Undefined if one is unknown. */
export function grantedScope(parameter: string | undefined): string[] | undefined {
  const requested = (parameter ?? '').split(' ').filter((scope) => scope !== '');
  if (requested.length === 0) return ['account.read'];
  const granted = requested.flatMap((scope) => (Object.hasOwn(aliases, scope) ? (aliases[scope] ?? []) : [scope]));
  const known: readonly string[] = scopes;
  return granted.every((scope) => known.includes(scope)) ? [...new Set(granted)] : undefined;
}
