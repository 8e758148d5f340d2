import type { AddressInfo } from 'node:net';
import { invalid } from '../../protocol/checks.js';
import type { ConfigurationError } from '../../protocol/errors.js';
import { checkOptions, type OptionNames } from '../../protocol/options.js';
import { readConfig } from '../core/config.js';
import { peers } from '../core/peer.js';
import { mediaPool } from '../media/pool/media-pool.js';
import { diskStore } from '../store/disk/disk-store.js';
import { memoryStore } from '../store/memory-store.js';
import { checkAllowedHosts } from './allowed-hosts.js';
import { isOpenToAllOrigins } from './cors.js';
import { buildSandbox, type Sandbox } from './create-sandbox.js';
import { createHttpServer, defaultIdleLimits } from './http-server.js';
import { type SandboxOptions, sandboxOptionNames } from './sandbox-options.js';

/** The options of the server, and those of `createSandbox`. */
export interface ServeOptions extends SandboxOptions {
  /** The port to listen on. 0 selects a free port. @default 4400 */
  port?: number | undefined;
  /**
   * The address to listen on. With any but a loopback address, other machines can connect, and passwords are sent unencrypted.
   * @default '127.0.0.1'
   */
  host?: string | undefined;
  /**
   * More host names, without ports, that the pages are served on: the name of a container, for example. Loopback names, doctape's
   * own names and `host` are always allowed. Requests to other names get a 421 response, so that no website can sign in through
   * the browser of a visitor. The API, the token endpoint and public links are served on every name.
   * @default []
   */
  allowedHosts?: readonly string[] | undefined;
  /**
   * The folder for all data. It must be empty or made by a sandbox. Without `data` and `store`, all data is kept in memory.
   * @default none
   */
  data?: string | undefined;
  /**
   * The name of the user who becomes the owner of files in `data` that have no record. See `adopt` of {@link diskStore}.
   * @default none
   */
  adopt?: string | undefined;
}

const optionNames: OptionNames<ServeOptions> = {
  ...sandboxOptionNames,
  port: 1,
  host: 1,
  allowedHosts: 1,
  data: 1,
  adopt: 1,
};

/** A sandbox that listens on a port. */
export interface ServedSandbox {
  /** The base URL of the server, such as `http://127.0.0.1:4400`. */
  url: string;
  /** The sandbox itself, without the port. */
  sandbox: Sandbox;
  /** Closes all connections and the data folder. Does not close a `store` of your own. */
  close(): Promise<void>;
}

/**
 * Starts a sandbox on a port.
 *
 * @throws {ConfigurationError} when an option is invalid, the port cannot be bound, or the data folder cannot be opened
 *
 * @example
 * const { url, close } = await serveSandbox({ port: 0, data: './doctape-data' });
 */
export async function serveSandbox(options: ServeOptions = {}): Promise<ServedSandbox> {
  const {
    port = 4400,
    host = '127.0.0.1',
    allowedHosts = [],
    data,
    adopt,
    ...rest
  } = checkOptions('options of serveSandbox', options, optionNames);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw invalid('port', 'must be an integer from 0 to 65535');
  if (data !== undefined && rest.store) throw invalid('data', 'cannot be combined with store: pass one of them');
  if (data !== undefined && (typeof data !== 'string' || data === ''))
    throw invalid('data', 'must be the path of a folder, a string that is not empty');
  if (adopt !== undefined && data === undefined)
    throw invalid('adopt', 'needs the option data: the folder with the files');
  if (adopt !== undefined && !readConfig({ users: rest.users }).users.some(({ username }) => username === adopt))
    throw invalid('adopt', 'must be the name of one of the users');
  const isAllowed = checkAllowedHosts(host, allowedHosts);
  const ownStore = rest.store ? undefined : data === undefined ? memoryStore() : diskStore(data, { adopt });
  const media = mediaPool();
  try {
    const sandbox = buildSandbox({ ...rest, ...(ownStore && { store: ownStore }) }, media);
    const server = createHttpServer((request, { incoming, outgoing }) => {
      const url = new URL(request.url);
      if (!isOpenToAllOrigins(url.pathname) && !isAllowed(url)) return misdirected();
      const isThisMachine = isOwnAddress(incoming.socket.remoteAddress);
      peers.set(request, { isThisMachine, hangUp: () => outgoing.destroy() });
      // the start page contains passwords, and a client can send any Host header
      if (url.pathname === '/' && !isThisMachine) return new Response(null, { status: 404 });
      return sandbox.fetch(request);
    }, defaultIdleLimits);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(bindError(host, port, error)));
      server.listen(port, host, resolve);
    });
    let closed: Promise<void> | undefined;
    const { port: bound } = server.address() as AddressInfo;
    return {
      url: `http://${urlHost(host)}:${bound}`,
      sandbox,
      close() {
        closed ??= new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        })
          .then(() => media.close())
          .then(() => ownStore?.close());
        return closed;
      },
    };
  } catch (error) {
    await media.close();
    await ownStore?.close();
    throw error;
  }
}

function misdirected(): Response {
  const remedy = 'start the sandbox with --allow-host NAME (allowedHosts of serveSandbox)';
  return new Response(`This sandbox is not served on this host name. To allow the name, ${remedy}.\n`, {
    status: 421,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  });
}

function bindError(host: string, port: number, { code }: NodeJS.ErrnoException): ConfigurationError {
  const reason = code === 'EADDRINUSE' ? 'it is in use. Choose another one, or 0 for a free one' : `(${code})`;
  return invalid('port', `${port} on ${host} cannot be listened on: ${reason}`);
}

/** The host of the URL. A wildcard is not an address that clients can connect to. */
function urlHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function isOwnAddress(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
}
