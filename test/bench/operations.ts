import type { ServerProcess } from './servers.ts';

/** The operations of the benchmark clients, for the sandbox and for a bare server. */
export interface Operations {
  account(): Promise<void>;
  list(): Promise<void>;
  upload(content: Uint8Array<ArrayBuffer>, name: string, type: string): Promise<string>;
  describe(id: string): Promise<void>;
  download(id: string): Promise<void>;
  update(id: string): Promise<void>;
  remove(id: string): Promise<void>;
}

async function sent(url: string, expected: number, init?: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (response.status !== expected) throw new Error(`${init?.method ?? 'GET'} ${url}: ${response.status} ${text}`);
  return text;
}

export function sandboxOperations({ url, token }: ServerProcess): Operations {
  const headers = { authorization: `Bearer ${token}` };
  const files = `${url}/v1/doc`;
  const changes = { method: 'POST', headers: { ...headers, 'content-type': 'application/json' } };
  return {
    account: async () => void (await sent(`${url}/v1/account`, 200, { headers })),
    list: async () => void (await sent(files, 200, { headers })),
    async upload(content, name, type) {
      const body = new FormData();
      body.set('file', new Blob([content], { type }), name);
      const { result } = JSON.parse(await sent(`${files}/upload`, 200, { method: 'POST', headers, body }));
      return Object.keys(result)[0] ?? '';
    },
    describe: async (id) => void (await sent(`${files}/${id}`, 200, { headers })),
    download: async (id) => void (await sent(`${files}/${id}/original`, 200, { headers })),
    update: async (id) => void (await sent(`${files}/${id}`, 200, { ...changes, body: '{"tags":["a","b"]}' })),
    remove: async (id) => void (await sent(`${files}/${id}`, 200, { method: 'DELETE', headers })),
  };
}

export function bareOperations({ url }: ServerProcess): Operations {
  const files = `${url}/files`;
  return {
    account: async () => void (await sent(`${url}/account`, 200)),
    list: async () => void (await sent(files, 200)),
    upload: async (content) => JSON.parse(await sent(files, 200, { method: 'POST', body: content })).id,
    describe: async (id) => void (await sent(`${files}/${id}`, 200)),
    download: async (id) => void (await sent(`${files}/${id}/original`, 200)),
    update: async (id) => void (await sent(`${files}/${id}`, 200, { method: 'POST', body: '{"tags":["a","b"]}' })),
    remove: async (id) => void (await sent(`${files}/${id}`, 200, { method: 'DELETE' })),
  };
}

/** The value below which this fraction of the values is. */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

export const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);
