/** The scopes of the API (wire document section 2.7). */
export const scopes = [
  'account.read',
  'file.create',
  'file.read',
  'file.update',
  'file.delete',
  'tape.read',
  'tape.update',
] as const;

/** One of the API's scopes, or any other well-formed one: older servers know `docs`, `account` and `upload`. */
export type Scope = (typeof scopes)[number] | (string & {});
