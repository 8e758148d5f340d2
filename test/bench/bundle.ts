import { gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { fewFiles, staticImports } from '../support/build-plugins.ts';
import { applications, chunksOf, pageSizes, singleFileSize } from '../support/page-sizes.ts';
import { inRepository } from '../support/paths.ts';

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

const kilobytes = (bytes: number) => (bytes / 1000).toFixed(1);
const row = (first: number, all: number) => ({
  'initial kB': kilobytes(first),
  'kB with all chunks on demand': kilobytes(all),
});
const single = await singleFileSize();
const table: Record<string, Record<string, string>> = { 'doctape-sdk.min.js': row(single, single) };
for (const [name, text] of Object.entries(programs)) {
  const { first, all } = await pageSizes(text);
  table[name] = row(first, all);
}
console.table(table);

/** The code that one module adds to one chunk. */
interface Part {
  chunk: string;
  module: string;
  code: string;
}

/** The minified parts of the chunks that a page loads at its start, built from the sources. */
async function partsOf(contents: string, splitting: boolean): Promise<Part[]> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: inRepository('.') },
    bundle: true,
    // white space is removed later, because comments between the modules name them
    minifyIdentifiers: true,
    minifySyntax: true,
    splitting,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    outdir: 'out',
    alias: { 'doctape-sdk/browser': inRepository('src/browser.ts'), 'doctape-sdk': inRepository('src/index.ts') },
    plugins: [splitting ? fewFiles : staticImports],
  });
  const parts: Part[] = [];
  for (const chunk of chunksOf(metafile).first) {
    const { inputs = {} } = metafile.outputs[chunk] ?? {};
    const text = outputFiles.find(({ path }) => path.endsWith(chunk))?.text ?? '';
    for (const section of text.split(/^(?=\/\/ |export \{)/m)) {
      const [, path = ''] = /^\/\/ (.*)/.exec(section) ?? [];
      const previous = parts.at(-1);
      if (path in inputs) parts.push({ chunk, module: path.replace(/^.*node_modules\/|^src\//, ''), code: section });
      else if (path !== '' && previous)
        previous.code += section; // an annotation
      else parts.push({ chunk, module: 'imports and exports', code: section });
    }
  }
  const minified = parts.map(async ({ code, ...part }) => {
    // esbuild refuses exports of what is declared elsewhere
    if (code.startsWith('export {')) return { ...part, code: code.replace(/\s*([{},;])\s*/g, '$1') };
    return { ...part, code: (await transform(code, { minifyWhitespace: true, target: 'es2022' })).code };
  });
  return await Promise.all(minified);
}

function gzipped(parts: Part[]): number {
  const chunks = Map.groupBy(parts, ({ chunk }) => chunk);
  const texts = [...chunks.values()].map((inChunk) => inChunk.map(({ code }) => code).join(''));
  return texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
}

/** Prints the bytes of each group of parts, and how much smaller the page would be without it. */
function printBytes(title: string, parts: Part[], nameOf: (module: string) => string, most: number): void {
  const groups = Map.groupBy(parts, ({ module }) => nameOf(module));
  const total = gzipped(parts);
  const rows = [...groups].map(([name, inGroup]) => {
    const minified = inGroup.reduce((sum, { code }) => sum + code.length, 0);
    return [name, { minified, gzip: total - gzipped(parts.filter((part) => !inGroup.includes(part))) }] as const;
  });
  rows.sort(([, a], [, b]) => b.gzip - a.gzip);
  console.log(`\n${title}, bytes of ${total} after gzip:`);
  console.table(Object.fromEntries(rows.slice(0, most)));
}

const everything = "export * from 'doctape-sdk'; export * from 'doctape-sdk/browser';";
for (const [name, text] of Object.entries({ ...applications, 'doctape-sdk.min.js': everything })) {
  const parts = await partsOf(text, text !== everything);
  printBytes(
    `"${name}" by room`,
    parts,
    (module) => /^zod|^content-disposition/.exec(module)?.[0] ?? module.replace(/\/[^/]*$/, ''),
    20,
  );
  printBytes(`"${name}" by module`, parts, (module) => module, 40);
}
