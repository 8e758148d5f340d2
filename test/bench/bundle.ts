import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';

/**
 * What a page has to load, minified by esbuild and compressed by `gzip -9`: the SDK beside the same small application
 * written with plain `fetch`, and beside two libraries of the field. Run it with `npm run bench:bundle`.
 */

const applications: Record<string, string> = {
  'sign in': `
    import { ImplicitGrantClient } from 'doctape-sdk/browser';
    const client = new ImplicitGrantClient({ clientId: 'a', redirectUri: location.origin + '/' });
    document.title = client.resume()?.access_token ? 'in' : 'out';
    onclick = () => client.signIn();`,

  'sign in, list, link': `
    import { ApiClient } from 'doctape-sdk';
    import { ImplicitGrantClient } from 'doctape-sdk/browser';
    const client = new ImplicitGrantClient({ clientId: 'a', redirectUri: location.origin + '/', scope: ['file.read'] });
    const token = client.resume();
    if (!token) client.signIn();
    else {
      const api = new ApiClient({ token });
      for (const { id, name } of await api.files.list()) {
        document.body.append(Object.assign(document.createElement('a'), { href: api.files.url(id), textContent: name }));
      }
    }`,

  'the same with plain fetch, unchecked': `
    const fragment = new URLSearchParams(location.hash.slice(1));
    const token = fragment.get('access_token');
    if (token && fragment.get('state') === sessionStorage.state) {
      history.replaceState(null, '', location.pathname);
      const headers = { authorization: 'Bearer ' + token };
      const { result } = await (await fetch('https://api.doctape.com/v1/doc', { headers })).json();
      for (const { id, name } of Object.values(result)) {
        const href = 'https://api.doctape.com/v1/doc/' + id + '/original?access_token=' + token;
        document.body.append(Object.assign(document.createElement('a'), { href, textContent: name }));
      }
    } else {
      const state = (sessionStorage.state = crypto.randomUUID());
      const query = new URLSearchParams({ response_type: 'token', client_id: 'a', redirect_uri: location.href, state });
      location.assign('https://my.doctape.com/oauth2?' + query);
    }`,

  'oidc-client-ts: sign in': `
    import { UserManager } from 'oidc-client-ts';
    const manager = new UserManager({ authority: 'https://my.doctape.com', client_id: 'a', redirect_uri: location.href });
    if (location.search) document.title = (await manager.signinCallback()).access_token;
    else manager.signinRedirect();`,

  'dropbox: sign in, list, link': `
    import { Dropbox, DropboxAuth } from 'dropbox';
    const auth = new DropboxAuth({ clientId: 'a' });
    const token = new URLSearchParams(location.hash.slice(1)).get('access_token');
    if (!token) location.assign(await auth.getAuthenticationUrl(location.href, crypto.randomUUID(), 'token'));
    else {
      auth.setAccessToken(token);
      const client = new Dropbox({ auth });
      for (const { name, path_lower } of (await client.filesListFolder({ path: '' })).result.entries) {
        const { result } = await client.filesGetTemporaryLink({ path: path_lower });
        document.body.append(Object.assign(document.createElement('a'), { href: result.link, textContent: name }));
      }
    }`,
};

/** The chunks that are loaded at once, and all of them. */
function chunksOf({ outputs }: Metafile): { first: string[]; all: string[] } {
  const entry = Object.keys(outputs).find((path) => outputs[path]?.entryPoint !== undefined && !isLazy(path)) ?? '';
  function isLazy(path: string): boolean {
    return Object.values(outputs).some(({ imports }) =>
      imports.some((imported) => imported.kind === 'dynamic-import' && imported.path === path),
    );
  }
  const first = new Set([entry]);
  for (const path of first) {
    for (const { path: imported, kind } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement') first.add(imported);
    }
  }
  return { first: [...first], all: Object.keys(outputs) };
}

async function sizes(text: string, folder: string): Promise<{ first: number; all: number }> {
  const path = join(folder, 'application.js');
  await writeFile(path, text);
  const { outputFiles, metafile } = await build({
    entryPoints: [path],
    bundle: true,
    minify: true,
    splitting: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir: 'out',
    external: ['crypto', 'util'], // dropbox names them, and does not use them in a page
    logLevel: 'error',
  });
  const gzipped = (paths: string[]) =>
    outputFiles
      .filter((file) => paths.some((wanted) => file.path.endsWith(wanted)))
      .reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0);
  const { first, all } = chunksOf(metafile);
  return { first: gzipped(first), all: gzipped(all) };
}

const folder = await mkdtemp('node_modules/.bench-'); // so that the package finds itself by its name
try {
  const table: Record<string, Record<string, string>> = {};
  for (const [name, text] of Object.entries(applications)) {
    const { first, all } = await sizes(text, folder);
    const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
    table[name] = { 'kB to begin with': kilobytes(first), 'kB with all that may be loaded later': kilobytes(all) };
  }
  console.table(table);
} finally {
  await rm(folder, { recursive: true, force: true });
}
