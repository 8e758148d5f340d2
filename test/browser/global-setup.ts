import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { serveSandbox } from '../../src/serve.js';
import { implicitToken } from './implicit-token.js';

interface ServedToPages {
  /** The origin of the sandbox, such as `http://127.0.0.1:40123`. */
  url: string;
  /** An access token of alice with all scopes. */
  token: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    sandbox: ServedToPages & { bobsToken: string; accountOnlyToken: string };
    /** A sandbox whose bodies stall after 64 KiB. */
    stallingSandbox: ServedToPages;
    /**
     * A server with one fault per path: `/silent` never responds, `/broken` closes the connection, `/elsewhere` redirects to another
     * origin, and `/heard/<id>` returns the `Authorization` headers of the requests for that id, with null for none.
     */
    unruly: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const served = await serveSandbox({ port: 0 });
  const stalling = await serveSandbox({ port: 0, faults: `stall=${64 * 1024}` });
  const unruly = createServer(unrulyListener());
  unruly.listen(0, '127.0.0.1');
  await once(unruly, 'listening');

  const signIn = ({ sandbox, url }: typeof served, username: string, scope?: string[]) =>
    implicitToken(sandbox, `${url}/oauth2`, username, scope);
  project.provide('sandbox', {
    url: served.url,
    token: await signIn(served, 'alice'),
    bobsToken: await signIn(served, 'bob'),
    accountOnlyToken: await signIn(served, 'alice', ['account.read']),
  });
  project.provide('stallingSandbox', { url: stalling.url, token: await signIn(stalling, 'alice') });
  project.provide('unruly', `http://127.0.0.1:${(unruly.address() as AddressInfo).port}`);

  return async () => {
    unruly.closeAllConnections();
    unruly.close();
    await Promise.all([served.close(), stalling.close()]);
  };
}

function unrulyListener(): RequestListener {
  const heard = new Map<string, (string | null)[]>();
  return (request, response) => {
    response.on('error', () => {});
    const [, place = '', ...rest] = (request.url ?? '').split('/');
    const id = rest.at(-1) ?? '';
    response.setHeader('access-control-allow-origin', '*');
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { 'access-control-allow-headers': 'authorization, content-type' }).end();
    } else if (place === 'broken') {
      request.socket.destroy();
    } else if (place === 'elsewhere') {
      const file = rest.at(-2);
      response.writeHead(302, { location: `http://localhost:${request.socket.localPort}/landing/${file}` }).end();
    } else if (place === 'landing') {
      heard.set(id, [...(heard.get(id) ?? []), request.headers.authorization ?? null]);
      response.writeHead(200, { 'content-type': 'text/plain' }).end('landed');
    } else if (place === 'heard') {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(heard.get(id) ?? []));
    }
  };
}
