import { createHash } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { intro, log, outro } from '@clack/prompts';
import ky, { isHTTPError, isKyError } from 'ky';
import prettyBytes from 'pretty-bytes';
import { ApiClient, type FileInfo, type Token, type UploadedFile } from '../../index.js';
import { type ServedSandbox, serveSandbox } from '../../serve.js';
import { AuthorizationCodeClient } from '../../server.js';
import { CommandError } from '../core/errors.js';
import { table } from '../terminal/table.js';
import { withTransfers } from '../terminal/transfers.js';
import { submitLoginForm } from './login-form.js';
import { makeSampleFiles, type SampleFile, sha256OfFile } from './sample-files.js';
import { stopOnSignal } from './sandbox.js';

const redirectUri = 'http://localhost:3000/callback'; // no server is needed there: the demo reads the redirect itself

/** `doctape-sdk demo`: uses the SDK from end to end, over HTTP. It ends at the first step that fails. */
export async function demo(signal: AbortSignal, { keep = false }: { keep?: boolean }): Promise<void> {
  intro('doctape-sdk demo');
  const folder = await createFolder();
  let served: ServedSandbox | undefined;
  const cleanUp = async () => {
    try {
      await served?.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  let current = 'start the sandbox';
  const next = (step: string) => {
    signal.throwIfAborted();
    current = step;
  };
  try {
    served = await serveSandbox({ port: 0, data: join(folder, 'data') });
    log.step(`Started a sandbox at ${served.url}, with its files in a temporary folder`);

    next('sign in');
    const token = await signIn(served);
    const api = new ApiClient({ token, baseUrl: `${served.url}/v1` });
    const { username, email, quota_free } = await api.account.get();
    log.success(
      `Signed in as ${username} (${email}), ${prettyBytes(quota_free)} free, with an authorization code and PKCE`,
    );

    next('upload');
    const samples = await makeSampleFiles(folder);
    const uploaded: UploadedFile[] = [];
    for (const sample of samples) uploaded.push(await uploadFile(api, sample, signal));

    next('list');
    log.message(tableOf(await api.files.list()));

    next('download');
    for (const [index, file] of uploaded.entries()) {
      const link = api.files.url(file.id);
      const response = await ky(link, { signal, retry: 0, timeout: false }); // the link needs no header
      const hash = createHash('sha256');
      for await (const chunk of response.body ?? []) hash.update(chunk);
      const digest = hash.digest('hex');
      if (digest !== (await sha256OfFile(samples[index]?.path ?? '')))
        throw new Error(`the download of ${file.name} differs from the upload`);
      log.success(`Downloaded ${file.name} by its link, byte for byte the same (SHA-256 ${digest.slice(0, 16)}…)`);
    }

    next('delete');
    for (const file of uploaded) if (!keep || file.name === 'recording.bin') await api.files.delete(file.id);
    const remaining = await api.files.list();
    if (remaining.length !== (keep ? uploaded.length - 1 : 0)) throw new Error('a deleted file is still listed');
    log.success(keep ? 'Deleted the large file' : 'Deleted all files');

    next('shut down');
    if (keep) {
      stopOnSignal(cleanUp);
      outro('Everything worked. The sandbox keeps running: press Ctrl+C to stop it.');
      console.log(nextSteps(served)); // without a frame, so that it can be copied
      return;
    }
    await cleanUp();
    outro('Everything worked.');
  } catch (error) {
    await cleanUp();
    log.error(signal.aborted ? 'Stopped' : `The demo could not ${current}: ${reasonOf(error)}`);
    process.exitCode = 1;
  }
}

async function createFolder(): Promise<string> {
  try {
    return await mkdtemp(join(tmpdir(), 'doctape-demo-'));
  } catch (error) {
    throw new CommandError(`set TMPDIR to a folder that you can write to: ${reasonOf(error)}`);
  }
}

// a proxy is the usual reason: the server is in this process
const failedRequest =
  'the request failed before a response arrived. If Node uses a proxy (NODE_USE_ENV_PROXY), add 127.0.0.1 to NO_PROXY';

/** The messages of ky quote the URL, whose query can contain a token. */
function reasonOf(error: unknown): string {
  if (isHTTPError(error)) return `the server responded with status ${error.response.status}`;
  if (isKyError(error)) return failedRequest;
  return error instanceof Error ? error.message : String(error);
}

async function signIn({ url, sandbox }: ServedSandbox): Promise<Token> {
  const app = sandbox.apps.find(({ type }) => type === 'server');
  const user = sandbox.users.find(({ username }) => username === 'alice');
  if (!app?.clientSecret || !user) throw new Error('the sandbox does not have its built-in app and user');
  const client = new AuthorizationCodeClient({
    clientId: app.clientId,
    clientSecret: app.clientSecret,
    redirectUri,
    scope: ['account.read', 'file.create', 'file.read', 'file.delete'],
    authorizationEndpoint: `${url}/oauth2`,
    tokenEndpoint: `${url}/oauth2/token`,
    issuer: url,
  });
  const { url: authorizationUrl, pending } = await client.authorize();
  const callback = await submitLoginForm(authorizationUrl, {
    username: user.username,
    password: user.password,
    decision: 'allow',
  });
  log.step('Filled in the sign-in form as a browser would, and received an authorization code');
  return client.exchange(callback, pending);
}

async function uploadFile(
  api: ApiClient,
  { path, name, type }: SampleFile,
  signal: AbortSignal,
): Promise<UploadedFile> {
  const source = await openAsBlob(path, { type });
  const file = await withTransfers(false, async (transfers) => {
    transfers.expect({ files: 1 });
    const { update } = transfers.start(name, source.size);
    return api.files.upload(source, { name, onProgress: update, signal });
  });
  log.success(`Uploaded ${name}, ${prettyBytes(file.size)}`);
  return file;
}

function tableOf(files: readonly FileInfo[]): string {
  const rows = files.map((file) => [
    `${file.name}.${file.extension}`,
    prettyBytes(file.size),
    file.media_type,
    file.time_added.toISOString().slice(0, 16).replace('T', ' '),
  ]);
  return table([['name', 'size', 'type', 'added'], ...rows], { right: [1] });
}

function nextSteps({ url, sandbox }: ServedSandbox): string {
  const app = sandbox.apps.find(({ type }) => type === 'server');
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: app?.clientId ?? '',
    redirect_uri: 'urn:ietf:wg:oauth:2.0:oob',
    scope: 'account.read file.read',
  });
  return [
    'Open the sign-in page (user alice, password wonderland):',
    `${url}/oauth2?${query}`,
    '',
    'It shows a code. Exchange it for a token:',
    `curl ${url}/oauth2/token -d grant_type=authorization_code \\`,
    `  -d client_id=${app?.clientId} -d client_secret=${app?.clientSecret} \\`,
    '  -d redirect_uri=urn:ietf:wg:oauth:2.0:oob -d code=CODE',
    '',
    'List the files with the token:',
    `curl ${url}/v1/doc -H 'Authorization: Bearer TOKEN'`,
    '',
  ].join('\n');
}
