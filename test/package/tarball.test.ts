import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, normalize } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { beforeAll, describe, expect, it } from 'vitest';
import { installPackage, packPackage } from '../support/packed-package.js';

// What would be published, as it arrives at who installs it.

const run = promisify(execFile);
const manifest = JSON.parse(await readFile('package.json', 'utf8'));
const paths = Object.keys(manifest.exports)
  .filter((path) => path !== './package.json')
  .map((path) => path.replace(/^\./, 'doctape-sdk'));

let folder: string;
let packed: { tarball: string; files: string[] };
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctape-package-'));
  packed = await packPackage(folder);
  await installPackage(packed.tarball, folder);
  return () => rm(folder, { recursive: true, force: true });
});

describe('what is in it', () => {
  it('is what was built, the guides, the examples and the licence', async () => {
    const belongs =
      /^(package\.json|README\.md|LICENSE|dist\/[\w.-]+(\.js|\.d\.ts)|dist\/third-party-licences\.txt|docs\/[\w-]+\.md)$/;
    const { stdout } = await run('git', ['ls-files', 'docs/examples']);
    const examples = stdout.trim().split('\n');
    expect(packed.files.filter((file) => !belongs.test(file)).sort()).toEqual(examples.sort());
    expect(packed.files).toEqual(expect.arrayContaining(['README.md', 'LICENSE', 'dist/third-party-licences.txt']));
  });

  it('has all that its pages lead to', async () => {
    const pages = packed.files.filter((file) => file.endsWith('.md'));
    const broken = pages.map(async (page) => {
      const text = await readFile(join(folder, 'node_modules/doctape-sdk', page), 'utf8');
      const links = [...text.replace(/^```.*?^```/gms, '').matchAll(/\]\((?!\w+:)([^)#]+)/g)];
      const targets = links.map(([, path = '']) => normalize(join(dirname(page), decodeURIComponent(path))));
      return targets
        .filter((target) => !packed.files.some((file) => file === target || file.startsWith(`${target}/`)))
        .map((target) => `${page}: ${target}`);
    });
    expect((await Promise.all(broken)).flat()).toEqual([]);
    expect(pages).toContain('docs/README.md');
  });

  it('tells nothing of the machine that built it, and has no source map', async () => {
    const telling = [process.cwd(), '/home/', '/Users/', ':\\Users\\', 'sourceMappingURL'];
    const found = packed.files.map(async (file) => {
      const text = await readFile(join(folder, 'node_modules/doctape-sdk', file), 'utf8');
      return telling.filter((part) => text.includes(part)).map((part) => `${file}: ${part}`);
    });
    expect((await Promise.all(found)).flat()).toEqual([]);
  });
});

describe('its manifest', () => {
  it('is as publint would have it', async () => {
    const { buffer } = new Uint8Array(await readFile(packed.tarball));
    const { messages, pkg } = await publint({ pkgDir: 'package', pack: { tarball: buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it('leads TypeScript to the right types', async () => {
    // node16, not esm-only: CommonJS has to find the types too, because require() of ES modules works in every Node that
    // `engines` allows. That they are ES modules which it finds is what the ignored rule is about. node10 knows no exports.
    const flags = ['--profile', 'node16', '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'json'];
    const attw = run('node_modules/.bin/attw', [packed.tarball, ...flags], { maxBuffer: 2 ** 26 });
    const { stdout } = await attw.catch((error: { stdout: string }) => error);
    const { analysis, problems } = JSON.parse(stdout);
    const meant = (problem: { kind: string; resolutionKind?: string }) =>
      problem.kind === 'CJSResolvesToESM' || problem.resolutionKind === 'node10';
    expect(Object.keys(analysis.entrypoints)).toHaveLength(Object.keys(manifest.exports).length);
    expect(
      Object.values<{ kind: string }[]>(problems)
        .flat()
        .filter((problem) => !meant(problem)),
    ).toEqual([]);
    await attw;
  });
});

describe('what npm installs with it', () => {
  it('is what it depends on, and nothing else', async () => {
    const { packages } = JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8'));
    const names = ['doctape-sdk', ...Object.keys(manifest.dependencies)].map((name) => `node_modules/${name}`);
    expect(Object.keys(packages).sort()).toEqual(['', ...names].sort());
  });
});

describe('a project in Node', () => {
  const signIn = `
    const main = async ({ ApiClient }, { AuthorizationCodeClient }, { createSandbox }) => {
      const sandbox = createSandbox();
      const app = sandbox.apps.find(({ type }) => type === 'server');
      const client = new AuthorizationCodeClient({
        ...app,
        redirectUri: 'http://localhost/callback',
        authorizationEndpoint: 'http://localhost/oauth2',
        tokenEndpoint: 'http://localhost/oauth2/token',
        fetch: sandbox.fetch,
      });
      const { url, pending } = await client.authorize();
      const token = await client.exchange(await sandbox.authorize(url, { username: 'alice' }), pending);
      const api = new ApiClient({ token, baseUrl: 'http://localhost/v1', fetch: sandbox.fetch });
      return (await api.account.get()).username;
    };`;
  const programs = {
    'app.mjs': `${signIn}
      const modules = await Promise.all(process.argv.slice(2).map((path) => import(path)));
      const names = modules.map((module) => Object.keys(module));
      const username = await main(...await Promise.all(['', '/server', '/sandbox'].map((path) => import('doctape-sdk' + path))));
      console.log(JSON.stringify({ names, username }));`,
    'app.cjs': `${signIn}
      const names = process.argv.slice(2).map((path) => Object.keys(require(path)));
      main(require('doctape-sdk'), require('doctape-sdk/server'), require('doctape-sdk/sandbox')).then((username) => {
        console.log(JSON.stringify({ names, username }));
      });`,
  };
  const versions = { 22: 'node22', 24: 'node', 26: 'node26' };
  const cases = Object.entries(versions).flatMap(([version, alias]) =>
    Object.entries(programs).map(([file, text]): [string, string, string, string] => [version, file, text, alias]),
  );

  it.each(cases)('%s runs it: %s', async (_version, file, text, alias) => {
    // without msw, which is for the project to bring
    const mine = paths.filter((path) => path !== 'doctape-sdk/testing');
    await writeFile(join(folder, file), text);
    const { stdout } = await run(join(process.cwd(), 'node_modules', alias, 'bin/node'), [file, ...mine], {
      cwd: folder,
    });
    const names = mine.map(async (path) => {
      const entry = path.replace(/^doctape-sdk\/?/, '') || 'index';
      return Object.keys(await import(`../../dist/${entry}.js`));
    });
    expect(JSON.parse(stdout)).toEqual({ names: await Promise.all(names), username: 'alice' });
  });

  it('has the command', async () => {
    const env = { ...process.env, PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };
    const { stdout } = await run('node_modules/.bin/doctape-sdk', ['--version'], { cwd: folder, env });
    expect(stdout.trim()).toBe(manifest.version);
  });
});
