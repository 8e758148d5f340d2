import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';

export interface AppConfig {
  clientId: string;
  authorizationEndpoint: string;
  issuer: string;
  baseUrl: string;
}

const types: Record<string, string> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Serves the built app from memory. Path traversal is impossible, because no path is opened. */
export async function serveApp(
  folder: string,
  config: AppConfig,
): Promise<(request: IncomingMessage, response: ServerResponse) => void> {
  const files = new Map<string, { type: string; bytes: Buffer }>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const type = types[extname(path)] ?? 'application/octet-stream';
    files.set(`/${relative(folder, path).split(sep).join('/')}`, { type, bytes: await readFile(path) });
  }
  const start = files.get('/index.html');
  if (start) files.set('/', start);
  files.set('/config.json', { type: 'application/json', bytes: Buffer.from(JSON.stringify(config)) });
  const headers = securityHeaders(new URL(config.baseUrl).origin);

  return ({ method, url = '/' }, response) => {
    const path = url.split('?', 1)[0] ?? '/';
    const file = files.get(path);
    if (method !== 'GET' && method !== 'HEAD') response.writeHead(405, { ...headers, allow: 'GET, HEAD' }).end();
    else if (!file) response.writeHead(404, headers).end();
    else {
      const caching = path.startsWith('/assets/') ? 'max-age=31536000, immutable' : 'no-cache'; // the names of assets contain a hash
      response.writeHead(200, { ...headers, 'content-type': file.type, 'cache-control': caching });
      response.end(method === 'HEAD' ? undefined : file.bytes);
    }
  };
}

/** Allows only what the app needs. Image URLs contain the token, so no URL may leave the page. */
function securityHeaders(apiOrigin: string): Record<string, string> {
  const policy = {
    'default-src': "'none'",
    'script-src': "'self'",
    'style-src': "'self'",
    'connect-src': `'self' ${apiOrigin}`,
    'img-src': `'self' ${apiOrigin}`,
    'media-src': apiOrigin,
    'frame-src': 'blob:', // for a PDF that was fetched
    'object-src': "'none'",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
    'require-trusted-types-for': "'script'",
    'trusted-types': "'none'",
  };
  return {
    'content-security-policy': Object.entries(policy)
      .map((directive) => directive.join(' '))
      .join('; '),
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
  };
}
