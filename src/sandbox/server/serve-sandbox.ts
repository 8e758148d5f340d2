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
import { buildSandbox, type Sandbox, type SandboxOptions, sandboxOptionNames } from './create-sandbox.js';
import { defaultPatience, patientServer } from './http-server.js';

/** Where to listen, and what the sandbox is like. */
export interface ServeOptions extends SandboxOptions {
  /** 0 takes a free one. @default 4400 */
  port?: number | undefined;
  /** Anything but a loopback address lets others in, and passwords travel in the clear. @default '127.0.0.1' */
  host?: string | undefined;
  /**
   * Names under which it shows its pages, besides those of this machine, of doctape and `host`: that of a container, for instance,
   * without a port. Any other is answered with 421, so that no website can sign in through a visitor's browser. The API, the
   * token endpoint and public links answer to every name.
   * @default none
   */
  allowedHosts?: readonly string[] | undefined;
  /**
   * A folder to keep everything in: an empty one, or one that a sandbox made.
   * @default none: it is kept in memory, unless `store` is given
   */
  data?: string | undefined;
  /**
   * The user who becomes the owner of files that `data` holds without a record of them: see `adopt` of {@link diskStore}.
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

/** A sandbox that listens. */
export interface ServedSandbox {
  /** Where it listens, such as `http://127.0.0.1:4400`. */
  url: string;
  sandbox: Sandbox;
  /** Ends all connections and gives the data folder free. A `store` of your own stays open. */
  close(): Promise<void>;
}

/**
 * A sandbox on a port.
 * @throws {ConfigurationError} when the port cannot be bound, or the data folder cannot be opened
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
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw invalid('port', 'must be a whole number from 0 to 65535');
  if (data !== undefined && rest.store) throw invalid('data', 'and store exclude each other');
  if (data !== undefined && (typeof data !== 'string' || data === ''))
    throw invalid('data', 'must be a string that is not empty');
  if (adopt !== undefined && data === undefined) throw invalid('adopt', 'needs data, the folder that has the files');
  if (adopt !== undefined && !readConfig({ users: rest.users }).users.some(({ username }) => username === adopt))
    throw invalid('adopt', 'must be the name of one of the users');
  const isAllowed = checkAllowedHosts(host, allowedHosts);
  const ownStore = rest.store ? undefined : data === undefined ? memoryStore() : diskStore(data, { adopt });
  const media = mediaPool();
  try {
    const sandbox = buildSandbox({ ...rest, ...(ownStore && { store: ownStore }) }, media);
    const server = patientServer((request, { incoming, outgoing }) => {
      const url = new URL(request.url);
      if (!isOpenToAllOrigins(url.pathname) && !isAllowed(url)) return misdirected();
      const isThisMachine = isOwnAddress(incoming.socket.remoteAddress);
      peers.set(request, { isThisMachine, hangUp: () => outgoing.destroy() });
      // the start page shows passwords; a Host header proves nothing about where a request comes from
      if (url.pathname === '/' && !isThisMachine) return new Response(null, { status: 404 });
      return sandbox.fetch(request);
    }, defaultPatience);
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(bindError(host, port, error)));
      server.listen(port, host, resolve);
    });
    let closed: Promise<void> | undefined;
    const { port: bound } = server.address() as AddressInfo;
    return {
      url: `http://${announced(host)}:${bound}`,
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
  const remedy = 'start it with --allow-host NAME (allowedHosts of serveSandbox)';
  return new Response(`This sandbox does not answer to the name that it was called by. If it should, ${remedy}.\n`, {
    status: 421,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  });
}

function bindError(host: string, port: number, { code }: NodeJS.ErrnoException): ConfigurationError {
  const reason = code === 'EADDRINUSE' ? 'it is taken: choose another, or 0 for a free one' : `(${code})`;
  return invalid('port', `${port} on ${host} cannot be listened on: ${reason}`);
}

/** What to call it by: a wildcard is no address to go to. */
function announced(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  if (host === '::') return '[::1]';
  return host.includes(':') ? `[${host}]` : host;
}

function isOwnAddress(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.|^::1$/.test(address);
}
