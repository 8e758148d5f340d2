import { parseUrl } from '../../protocol/urls.js';
import type { SandboxApp, SandboxUser } from '../core/config.js';
import { Failure } from '../core/failure.js';
import { type Quota, quotaOf } from '../core/quota.js';
import { addFiles, dropFiles } from '../files/files.js';
import type { FilesContext } from '../files/files-context.js';
import { receive } from '../files/receive.js';
import { accountOf } from './accounts.js';
import { checkSignature, sign } from './signature.js';

// wire document section 5.2, and section 7, choices 46 to 49

/** The result for one file, as it travels. */
export interface UploadResult {
  field: string;
  id: string | null;
  size: number;
  embed?: string;
  error?: string;
}

export interface ViewUpload {
  app: SandboxApp;
  /** One result for each file, in the order of the form. */
  results: UploadResult[];
  /** The URL in the application that the result is posted to. */
  callback: URL | undefined;
  /** The fields of the application itself. */
  ownFields: [name: string, value: string][];
}

/** What the signature of an upload says. */
interface Admission {
  app: SandboxApp;
  user: SandboxUser;
  quota: Quota;
  isLazy: boolean;
}

/**
 * Receives the files of an upload form. The signature is checked before the first file is stored, so its fields must precede the
 * files. A file that exceeds the quota is left out; all others are added in one transaction, with the access of the application.
 */
export async function receiveUpload(context: FilesContext, request: Request): Promise<ViewUpload> {
  let admission: Admission | undefined;
  let admitted = ''; // the signed fields that were checked
  const { files, fields } = await receive(context.store, request, {
    async quotaFor(fields) {
      admission = await admit(context, fields);
      admitted = signedIn(fields);
      return admission.quota;
    },
    leaveOutLargeFiles: true,
  });
  const isChecked = admission === undefined || signedIn(fields) === admitted;
  admission ??= await admit(context, fields); // there is no file
  const { app, user, quota, isLazy } = admission;
  const stored = files.filter(({ refusal }) => refusal === undefined);
  let callback: URL | undefined;
  try {
    if (!isChecked) throw new Failure(400, 'the dt_ fields must precede the files in the form');
    callback = callbackIn(fields);
  } catch (error) {
    await dropFiles(context, stored, quota);
    throw error;
  }
  await addFiles(
    context,
    user,
    stored.map((file) => ({ ...file, tags: [], starred: false, origin: 'webupload' })),
    quota,
    stored.map(({ id }) => ({ put: 'links', key: id, record: { client_id: app.clientId, owner: user.username } })),
  );
  const results = files.map(({ field, id, size, refusal }): UploadResult => {
    if (refusal !== undefined) return { field, id: null, size, error: refusal };
    return { field, id, size, ...(isLazy && { embed: embedUrl(request, app, id) }) };
  });
  return {
    app,
    results,
    callback,
    ownFields: [...fields].filter(([name]) => !name.startsWith('dt_')),
  };
}

async function admit(context: FilesContext, fields: URLSearchParams): Promise<Admission> {
  const target = fields.get('dt_target');
  if (!target) throw new Failure(400, 'dt_target is missing: the dt_ fields must precede the files in the form');
  if (fields.getAll('dt_target').length > 1) throw new Failure(400, 'dt_target was sent more than once');
  const sent = [...fields].filter(([name]) => name.startsWith('dt_')).map(([name, value]) => [name.slice(3), value]);
  const user = accountOf(context, target);
  const app = checkSignature(context, 'upload', new URLSearchParams(sent), target);
  return { app, user, quota: await quotaOf(context, user), isLazy: fields.has('dt_lazy') };
}

/** The fields that a signature covers, and the signature. One that follows the files would not have been checked. */
function signedIn(fields: URLSearchParams): string {
  return String(new URLSearchParams([...fields].filter(([name]) => signedNames.has(name))));
}

const signedNames = new Set(['app', 'target', 'expires', 'lazy', 'auth', 'multiauth'].map((name) => `dt_${name}`));

/** @throws {Failure} 400 if it is not an http or https URL, such as a `javascript:` URL */
function callbackIn(fields: URLSearchParams): URL | undefined {
  const [text, ...others] = fields.getAll('dt_callback_url');
  if (text === undefined) return undefined;
  const url = text.length <= 2_048 ? parseUrl(text) : undefined;
  if (others.length > 0 || !url || !/^https?:$/.test(url.protocol) || url.username || url.password) {
    throw new Failure(400, 'dt_callback_url must be one absolute http or https URL of at most 2048 characters');
  }
  return url;
}

/** A URL of the viewer that does not expire. */
function embedUrl(request: Request, { clientId: app, clientSecret = '' }: SandboxApp, id: string): string {
  const url = new URL(`/sandbox/widget/${id}`, request.url);
  url.search = new URLSearchParams({ app, multiauth: sign({ app, target: id }, clientSecret) }).toString();
  return url.href;
}
