/** The files that the playground needs, kept for when there is no network. */
export interface SiteCache {
  /** Loads all files. Rejects if one is missing. */
  fill(): Promise<void>;
  /** Deletes the files of earlier versions of the site. */
  deleteOldFiles(): Promise<void>;
  has(request: Request): boolean;
  /** Responds with the current file, or with the kept one if there is no network. */
  respond(request: Request): Promise<Response>;
}

export function siteCache(scope: string, files: readonly string[]): SiteCache {
  const urls = new Set(files.map((file) => new URL(file, scope).href));
  const open = () => caches.open(`doctape-playground ${scope}`);

  return {
    async fill() {
      const cache = await open();
      await cache.addAll([...urls].map((url) => new Request(url, { cache: 'reload' })));
    },
    async deleteOldFiles() {
      const cache = await open();
      const old = (await cache.keys()).filter(({ url }) => !urls.has(url));
      await Promise.all(old.map((request) => cache.delete(request)));
    },
    has: (request) => request.method === 'GET' && urls.has(keyOf(request.url)),
    async respond(request) {
      const found = async () => (await open()).match(keyOf(request.url));
      try {
        const response = await fetch(request);
        return response.ok ? response : ((await found()) ?? response);
      } catch (error) {
        const kept = await found();
        if (kept) return kept;
        throw error;
      }
    },
  };
}

/** The URL without its query, and of a page without `index.html`. */
function keyOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/index\.html$/, '/');
}
