// wire document section 2.7
/** The scopes of the API. */
export const scopes = [
  'account.read',
  'file.create',
  'file.read',
  'file.update',
  'file.delete',
  'tape.read',
  'tape.update',
] as const;

/** One of the API's {@link scopes}, or any other string: older servers use `docs`, `account` and `upload`. */
export type Scope = (typeof scopes)[number] | (string & {});
