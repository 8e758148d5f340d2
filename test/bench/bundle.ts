import { applications, pageSizes } from '../support/page-sizes.ts';

/**
 * Measures what a page loads, minified by esbuild and compressed with `gzip -9`: the SDK, the same small application with plain
 * `fetch`, and two comparable libraries. Run it with `npm run bench:bundle`.
 */

const programs: Record<string, string> = {
  ...applications,

  'the same with plain fetch, without checks': `
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

const table: Record<string, Record<string, string>> = {};
for (const [name, text] of Object.entries(programs)) {
  const { first, all } = await pageSizes(text);
  const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
  table[name] = { 'initial kB': kilobytes(first), 'kB with all chunks on demand': kilobytes(all) };
}
console.table(table);
