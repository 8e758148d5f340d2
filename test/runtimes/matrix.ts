import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium, firefox } from 'playwright-core';
import { type ServedSandbox, serveSandbox } from '../../src/serve.js';
import { makeZip } from '../fixtures/make-zip.js';
import type { ContractEnvironment, Outcome } from '../package/contract.js';
import { browserNames, findBrowser } from '../support/browsers.js';
import { installPackage, packPackage } from '../support/packed-package.js';
import { inPackage, inRepository } from '../support/paths.js';
import { openWebKit } from '../support/webkit.js';
import { startWorkerd } from './workerd.js';

// Runs the contract in every runtime, with the packed package, in a folder outside of the repository.

const run = promisify(execFile);

/** The runtimes, and the servers that the contract uses. */
export interface Matrix {
  /** The names of the runtimes. */
  runtimes: string[];
  outcomes(runtime: string): Promise<Outcome[]>;
  close(): Promise<void>;
}

type Runner = (environment: ContractEnvironment) => Promise<Outcome[]>;

export async function prepareMatrix(): Promise<Matrix> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-runtimes-'));
  await installPackage((await packPackage(folder)).tarball, folder);
  const sandbox = await serveSandbox({ port: 0 });
  const control = await serveControl(sandbox);
  const runners = {
    ...(await commandRunners(folder)),
    workerd: await workerdRunner(folder),
    ...(await browserRunners(folder)),
  };
  return {
    runtimes: Object.keys(runners),
    async outcomes(runtime) {
      await sandbox.sandbox.reset();
      const runner = Object.entries(runners).find(([name]) => name === runtime)?.[1];
      if (!runner) throw new Error(`there is no runtime ${runtime}`);
      return runner({ url: sandbox.url, control: control.url, page: false });
    },
    async close() {
      await Promise.all([sandbox.close(), control.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Bundles a program that runs the contract. Without conditions, the runtime resolves the packages itself. */
async function makeProgram(folder: string, name: string, text: string, conditions?: string[]): Promise<string> {
  const outfile = join(folder, `${name}.js`);
  await build({
    stdin: { contents: text, resolveDir: inRepository('test/package'), loader: 'ts' },
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: conditions ? 'browser' : 'neutral',
    outfile,
    logLevel: 'error',
    ...(conditions
      ? { conditions, nodePaths: [join(folder, 'node_modules')], plugins: [fromFolder(folder)] }
      : { packages: 'external' }),
  });
  return outfile;
}

/** Resolves `doctape-sdk` to the packed package, not to this repository. */
function fromFolder(folder: string) {
  return {
    name: 'from-folder',
    setup({ onResolve, resolve }: Parameters<NonNullable<Parameters<typeof build>[0]['plugins']>[number]['setup']>[0]) {
      onResolve({ filter: /^doctape-sdk/ }, ({ path, kind, pluginData }) =>
        pluginData === folder ? undefined : resolve(path, { kind, resolveDir: folder, pluginData: folder }),
      );
    },
  };
}

async function commandRunners(folder: string): Promise<Record<string, Runner>> {
  const program = await makeProgram(
    folder,
    'command',
    `import * as fs from 'node:fs/promises';
    import * as node from 'doctape-sdk/node';
    import { runContract } from './contract.js';
    const [text] = globalThis.Deno?.args ?? process.argv.slice(2);
    const print = console.log.bind(console);
    print(JSON.stringify(await runContract(JSON.parse(text), { node, fs })));
    globalThis.process?.exit(0);`,
  );
  const files = join(folder, 'files');
  const commands: Record<string, string[]> = {
    'Node 22': [inPackage('node22/bin/node', 'test/runtimes')],
    'Node 24': [inPackage('node/bin/node')],
    'Node 26': [inPackage('node26/bin/node', 'test/runtimes')],
    Bun: [inPackage('.bin/bun', 'test/runtimes')],
    Deno: [
      inPackage('.bin/deno', 'test/runtimes'),
      'run',
      '--cached-only',
      '--no-prompt',
      '--allow-net',
      '--allow-env',
      '--allow-read',
      `--allow-write=${files}`,
    ],
  };
  return Object.fromEntries(
    Object.entries(commands).map(([name, [command = '', ...flags]]) => [
      name,
      async (environment) => {
        await rm(files, { recursive: true, force: true });
        await mkdir(files);
        const given: ContractEnvironment = { ...environment, folder: files };
        const { stdout } = await run(command, [...flags, program, JSON.stringify(given)], {
          cwd: folder,
          timeout: 240_000,
        });
        return JSON.parse(stdout);
      },
    ]),
  );
}

async function workerdRunner(folder: string): Promise<Runner> {
  const script = await makeProgram(
    folder,
    'worker',
    `import { runContract } from './contract.js';
    export default {
      async fetch(request) {
        return Response.json(await runContract(await request.json()));
      },
    };`,
    ['workerd', 'worker', 'browser'],
  );
  return async (environment) => {
    const worker = await startWorkerd(script);
    try {
      const body = JSON.stringify(environment);
      return await (await fetch(worker.url, { method: 'POST', body })).json();
    } finally {
      worker.stop();
    }
  };
}

async function browserRunners(folder: string): Promise<Record<string, Runner>> {
  const program = await makeProgram(
    folder,
    'page',
    `import { runContract } from './contract.js';
    globalThis.runContract = runContract;`,
    ['browser'],
  );
  const script = await readFile(program, 'utf8');
  /** Opens a page that has the contract. */
  const served = async (use: (url: string) => Promise<Outcome[]>) => {
    const site = await listen((request, response) => {
      const isScript = request.url === '/page.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<!doctype html><script type="module" src="/page.js"></script>');
    });
    try {
      return await use(site.url);
    } finally {
      await site.close();
    }
  };
  const inPage: Runner = (given) => (globalThis as unknown as { runContract: Runner }).runContract(given);
  const runners: Record<string, Runner> = {};
  for (const name of browserNames) {
    runners[name === 'chromium' ? 'Chromium' : 'Firefox'] = (environment) =>
      served(async (url) => {
        const browser = await { chromium, firefox }[name].launch(findBrowser(name)?.launchOptions);
        try {
          const page = await browser.newPage();
          page.setDefaultTimeout(60_000);
          await page.goto(url);
          return await page.evaluate(inPage, { ...environment, page: true });
        } finally {
          await browser.close();
        }
      });
  }
  runners.WebKit = (environment) =>
    served(async (url) => {
      const page = await openWebKit();
      try {
        await page.goto(url);
        return await page.evaluate(inPage, { ...environment, page: true });
      } finally {
        await page.close();
      }
    });
  return runners;
}

/** Does what not every runtime can do: follow a redirect manually, make a zip archive, be a server that misbehaves. */
async function serveControl({ sandbox }: ServedSandbox): Promise<{ url: string; close: () => Promise<void> }> {
  const archive = makeZip([{ name: 'from the archive.txt', content: Buffer.from('packed') }]);
  return listen(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://control');
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', 'authorization');
    if (request.method === 'OPTIONS') response.writeHead(204).end();
    else if (pathname === '/callback') {
      const approve = searchParams.get('approve') === 'true';
      const address = await sandbox.authorize(searchParams.get('url') ?? '', { username: 'alice', approve });
      response.end(address.href);
    } else if (pathname === '/archive.zip') response.end(archive);
    else if (pathname === '/packed/doc/a/original') {
      const packed = gzipSync('hello '.repeat(40)); // even if the request does not accept it
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
    } else if (pathname === '/html/account') response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hello');
    else if (pathname === '/redirect/account') response.writeHead(307, { location: '/html/account' }).end();
    else if (pathname === '/echo/account') {
      const error = { code: 500, message: `what was that: ${request.headers.authorization}` };
      response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
    } else response.writeHead(404).end();
  });
}

async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>,
): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void Promise.resolve(answer(request, response)).catch((error) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
