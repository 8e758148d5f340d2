import prettyBytes from 'pretty-bytes';
import type { JsonFlag } from '../core/define.js';
import { openSession } from '../core/session.js';
import { print, printJson } from '../terminal/output.js';
import { printable } from '../terminal/printable.js';

/** `doctape-sdk whoami` */
export async function whoami(signal: AbortSignal, { json }: JsonFlag): Promise<void> {
  const { api, session } = await openSession();
  const account = await api.account.get({ signal });
  if (json) return printJson({ ...account, baseUrl: session.baseUrl });
  const { username, email, quota, quota_used } = account;
  const used = `${prettyBytes(quota_used)} of ${prettyBytes(quota)} used`;
  print(`${printable(username)} (${printable(email)}), ${used}, at ${session.baseUrl}`);
}
