import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveSandbox } from 'doctape-sdk/serve';
import type { TestProject } from 'vitest/node';
import { implicitToken } from './implicit-token.js';

interface ServedToPages {
  /** The origin of the sandbox, such as `http://127.0.0.1:40123`. */
  url: string;
  /** An access token of alice with all scopes. */
  token: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    sandbox: ServedToPages & { bobToken: string; accountOnlyToken: string };
    /** A sandbox whose bodies stall after 64 KiB. */
    stallingSandbox: ServedToPages;
    /**
     * A server with one fault per path: `/silent` never responds, `/broken` closes the connection, `/elsewhere` redirects to another
     * origin, and `/heard/<id>` returns the `Authorization` headers of the requests for that id, with null for none.
     */
    faultyServer: string;
  }
}

// The built sandbox, because the worker threads of the sources start only in the processes of the tests.
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const served = await serveSandbox({ port: 0 });
  const stalling = await serveSandbox({ port: 0, faults: `stall=${64 * 1024}` });
  const faultyServer = createServer(faultyListener());
  faultyServer.listen(0, '127.0.0.1');
  await once(faultyServer, 'listening');

  const signIn = ({ sandbox, url }: typeof served, username: string, scope?: string[]) =>
    implicitToken(sandbox, `${url}/oauth2`, username, scope);
  project.provide('sandbox', {
    url: served.url,
    token: await signIn(served, 'alice'),
    bobToken: await signIn(served, 'bob'),
    accountOnlyToken: await signIn(served, 'alice', ['account.read']),
  });
  project.provide('stallingSandbox', { url: stalling.url, token: await signIn(stalling, 'alice') });
  project.provide('faultyServer', `http://127.0.0.1:${(faultyServer.address() as AddressInfo).port}`);

  return async () => {
    faultyServer.closeAllConnections();
    faultyServer.close();
    await Promise.all([served.close(), stalling.close()]);
  };
}

function faultyListener(): RequestListener {
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
