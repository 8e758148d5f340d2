import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { HttpBindings } from '@hono/node-server';
import { getPath } from 'hono/utils/url';
import { invalid } from '../../protocol/checks.js';
import type { ConfigurationError } from '../../protocol/errors.js';
import { checkOptions, type OptionNames } from '../../protocol/options.js';
import { isBlockedPort } from '../../protocol/urls.js';
import type { Conversions } from '../convert/conversions.js';
import { type ConverterProgram, findPrograms } from '../convert/programs/find-programs.js';
import { programConverter } from '../convert/programs/program-converter.js';
import { readConfig } from '../core/config.js';
import type { Peer } from '../core/peer.js';
import { mediaPool } from '../media/pool/media-pool.js';
import type { Decoder } from '../media/pool/peers.js';
import { diskStore } from '../store/disk/disk-store.js';
import { names } from '../store/disk/layout.js';
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
   *
   * Behind a proxy that uses TLS, pass the origin, such as `https://files.example.com`. The URLs in responses and the issuer then
   * begin with `https:`. The proxy must keep the `Host` header.
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
  /**
   * Whether to convert audio, video, office files and text, with the programs `ffmpeg` and `soffice` (LibreOffice) if they are found
   * on `PATH`. Files are `processing` until they are converted.
   *
   * @default false
   * @example
   * const served = await serveSandbox({ converters: true });
   * console.log(served.converters());
   */
  converters?: boolean | undefined;
}

const optionNames: OptionNames<ServeOptions> = {
  ...sandboxOptionNames,
  port: 1,
  host: 1,
  allowedHosts: 1,
  data: 1,
  adopt: 1,
  converters: 1,
};

/** A sandbox that listens on a port. */
export interface ServedSandbox {
  /** The base URL of the server, such as `http://127.0.0.1:4400`. */
  url: string;
  /** The sandbox itself, without the port. */
  sandbox: Sandbox;
  /**
   * Looks for the optional packages that decode more images, and loads them.
   *
   * @example
   * for (const { name, status } of served.decoders()) console.log(name, status); // sharp found
   */
  decoders(): Decoder[];
  /**
   * The programs that convert files, and whether they were found. Empty without the option `converters`.
   *
   * @example
   * for (const { name, status } of served.converters()) console.log(name, status); // ffmpeg found
   */
  converters(): ConverterProgram[];
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
    converters = false,
    ...rest
  } = checkOptions('options of serveSandbox', options, optionNames);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw invalid('port', 'must be an integer from 0 to 65535');
  if (isBlockedPort(port)) {
    throw invalid(
      'port',
      `${port} is one that browsers and fetch refuse to connect to: choose another port, or 0 for any that is free`,
    );
  }
  if (data !== undefined && rest.store) throw invalid('data', 'cannot be combined with store: pass one of them');
  if (data !== undefined && (typeof data !== 'string' || data === ''))
    throw invalid('data', 'must be the path of a folder, a string that is not empty');
  if (adopt !== undefined && data === undefined)
    throw invalid('adopt', 'needs the option data: the folder with the files');
  if (adopt !== undefined && !readConfig({ users: rest.users }).users.some(({ username }) => username === adopt))
    throw invalid('adopt', 'must be the name of one of the users');
  if (typeof converters !== 'boolean') throw invalid('converters', 'must be true or false');
  const { isAllowed, secure } = checkAllowedHosts(host, allowedHosts);
  const isServed = (url: URL) => isOpenToAllOrigins(url.pathname) || isAllowed(url);
  const ownStore = rest.store ? undefined : data === undefined ? memoryStore() : diskStore(data, { adopt });
  const media = mediaPool();
  let conversions: Conversions | undefined;
  try {
    const programs = converters ? await findPrograms() : [];
    const built = buildSandbox({ ...rest, ...(ownStore && { store: ownStore }) }, media, (store) =>
      converters ? programConverter({ store, programs, folder: () => workFolder(data) }) : undefined,
    );
    const { sandbox, respond } = built;
    conversions = built.conversions;
    await conversions.resume();
    const server = createHttpServer(
      (request, connection) => {
        // the path that Hono routes by: to parse the URL takes a twentieth of the time of a call
        const isOpen = isOpenToAllOrigins(getPath(request)) && !request.url.includes('%');
        if (!isOpen && !isServed(new URL(request.url))) return misdirected();
        return respond(request, new ConnectionPeer(connection));
      },
      defaultIdleLimits,
      secure,
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(bindError(host, port, error)));
      server.listen(port, host, resolve);
    });
    let closed: Promise<void> | undefined;
    const { port: bound } = server.address() as AddressInfo;
    return {
      url: `http://${urlHost(host)}:${bound}`,
      sandbox,
      decoders: media.decoders,
      converters: () => programs.map((program) => ({ ...program })),
      close() {
        closed ??= new Promise<void>((resolve) => {
          server.close(() => resolve());
          server.closeAllConnections();
        })
          .then(() => built.conversions.close())
          .then(() => media.close())
          .then(() => ownStore?.close());
        return closed;
      },
    };
  } catch (error) {
    await conversions?.close();
    await media.close();
    await ownStore?.close();
    throw error;
  }
}

/** A class, so that nothing is created or looked up for a request that does not need it. */
class ConnectionPeer implements Peer {
  readonly sendsText = true;
  readonly otherRequests = setImmediate;
  readonly #incoming: HttpBindings['incoming'];
  readonly #outgoing: HttpBindings['outgoing'];

  constructor({ incoming, outgoing }: HttpBindings) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
  }

  get isThisMachine(): boolean {
    return isOwnAddress(this.#incoming.socket.remoteAddress);
  }

  closeConnection(): void {
    this.#outgoing.destroy();
  }
}

/** In the data folder, which only this sandbox uses, so that what is left after a crash is found and deleted. */
function workFolder(data: string | undefined): string {
  return data === undefined ? mkdtempSync(join(tmpdir(), 'doctape-sandbox-')) : join(resolve(data), names.converting);
}

function misdirected(): Response {
  const remedy = 'start the sandbox with --allow-host NAME (allowedHosts of serveSandbox)';
  return new Response(`This sandbox is not served on this host name. To allow the name, ${remedy}.\n`, {
    status: 421,
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
  });
}

function bindError(host: string, port: number, { code }: NodeJS.ErrnoException): ConfigurationError {
  if (code === 'EADDRINUSE') {
    return invalid('port', `${port} is in use on ${host}: choose another port, or 0 for any that is free`);
  }
  return invalid('port', `${port} cannot be used on ${host} (${code}): choose another port or host`);
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
