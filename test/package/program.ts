import { ApiClient, DoctapeError, type FileInfo, type Hooks, renditions, scopes, type UploadSource } from 'doctape-sdk';
import { ImplicitGrantClient, type Token, type WebStorage } from 'doctape-sdk/browser';
import { createSandbox, memoryStore, type Store } from 'doctape-sdk/sandbox';
import { serveSandbox } from 'doctape-sdk/serve';
import { AuthorizationCodeClient } from 'doctape-sdk/server';

// Compiled, but not run, by every supported TypeScript: see types.test.ts.

const hooks: Hooks = { retry: ({ attempt, url }) => attempt > 1 && url };

export async function useApi(token: Token, source: UploadSource): Promise<FileInfo[]> {
  const store: Store = memoryStore();
  const sandbox = createSandbox({ store, faults: 'latency=1' });
  const api = new ApiClient({ token, fetch: sandbox.fetch, retry: { limit: 1 }, hooks });
  try {
    const { id, size } = await api.files.upload(source, { name: 'a.txt', onProgress: ({ loaded }) => loaded + size });
    const response = await api.files.download(id, renditions[0], { range: { start: 1 } });
    const chunk = await response.body?.getReader().read();
    const address: URL = api.files.url(id, 'thumb_120.jpg');
    if (chunk?.value && address.href !== '') await api.files.update(id, { tags: [...scopes], starred: true });
    for await (const { media_type, meta, time_added } of api.files.iterate()) {
      if (media_type === 'document' && meta.title) time_added.getTime();
    }
  } catch (error) {
    if (!(error instanceof DoctapeError && error.code === 'network')) throw error;
  }
  return api.files.list({ includeMeta: true });
}

export async function signInOnServer(request: Request, pending: string): Promise<Token> {
  const client = new AuthorizationCodeClient({ clientId: 'a', clientSecret: 'b', redirectUri: 'https://app.example/' });
  const { url, state } = await client.authorize({ scope: ['file.read', 'an.older.one'] });
  return client.exchange(url.searchParams.get('state') === state ? url : request, pending);
}

export function signInInPage(storage: WebStorage): Token | undefined {
  const client = new ImplicitGrantClient({ clientId: 'a', redirectUri: 'https://app.example/', tokenStorage: storage });
  return client.resume();
}

export async function serve(): Promise<string> {
  const { url, close } = await serveSandbox({ port: 0 });
  await close();
  return url;
}
