import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { packPackage } from '../support/packed-package.js';
import { scriptedServer } from '../support/scripted-server.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'doctape-release-'));
  return () => rm(folder, { recursive: true, force: true });
});

interface Ended {
  code: number;
  output: string;
}

function run(program: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: 100_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? 1 : 0, output: stdout + stderr });
    });
  });
}

describe('the first step of release:pack', () => {
  const ready = {
    name: 'doctape-sdk',
    version: '3.4.0',
    repository: { type: 'git', url: 'git+https://git.example/someone/doctape-sdk.git' },
    homepage: 'https://doctape-sdk.example/',
    bugs: { url: 'https://git.example/someone/doctape-sdk/issues' },
  };
  const pages = {
    'README.md': 'Run `npm install`.\n',
    'docs/migrating.md': '# Migrate\n',
    'docs/changelog.md': '# Changes\n\n## 3.4.0 (2026-12-01)\n\n## 3.3.0\n',
  };

  async function check(manifest: object, changed: Partial<typeof pages> = {}): Promise<Ended> {
    await mkdir(join(folder, 'docs'), { recursive: true });
    await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
    for (const [page, text] of Object.entries({ ...pages, ...changed })) await writeFile(join(folder, page), text);
    return run(process.execPath, ['test/release/check.ts', folder]);
  }

  it('passes if everything is there', async () => {
    expect(await check(ready)).toEqual({ code: 0, output: '' });
  });

  it.each([
    ['repository', undefined, 'package.json: repository is missing: set it to { "type": "git"'],
    ['repository', 'someone/doctape-sdk', 'package.json: repository has the wrong form: set it to { "type": "git"'],
    ['homepage', undefined, 'package.json: homepage is missing: set it to the https URL'],
    ['homepage', 'http://doctape-sdk.example/', 'package.json: homepage has the wrong form'],
    ['bugs', undefined, 'package.json: bugs is missing: set it to { "url"'],
    ['version', '3.5.0', 'docs/changelog.md: has no heading "## 3.5.0"'],
    ['version', '3.4', 'docs/changelog.md: has no heading "## 3.4"'],
  ])('stops if %s is %s', async (field, value, problem) => {
    const { code, output } = await check({ ...ready, [field]: value });
    expect(code).toBe(1);
    expect(output.split('\n')).toEqual([
      expect.stringContaining(problem),
      'This cannot be released yet. See docs/contributing.md, "Releases".',
      '',
    ]);
  });

  it.each([
    ['README.md', 'It is not on npm yet.', 'README.md: says that the package is not on npm yet'],
    ['docs/migrating.md', 'it is not on npm yet', 'docs/migrating.md: says that'],
    [
      'docs/changelog.md',
      '## 3.4.0 (unreleased)\n',
      'docs/changelog.md: has no heading "## 3.4.0", or it is marked as unreleased',
    ],
  ])('stops if %s says "%s"', async (page, text, problem) => {
    const { code, output } = await check(ready, { [page]: text });
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(problem) });
  });

  it('is the first one', async () => {
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8'));
    expect(scripts['release:pack']).toMatch(
      /^node test\/release\/check\.ts && .* && npm pack && node test\/release\/sbom\.ts$/,
    );
  });
});

it('the list of components has the dependencies and the bundled packages, with licences and hashes', async () => {
  const { code, output } = await run(process.execPath, ['test/release/sbom.ts', folder]);
  expect({ code, output }).toEqual({
    code: 0,
    output: expect.stringMatching(/doctape-sdk-\d+\.\d+\.\d+\.cdx\.json\n$/),
  });
  const sbom = JSON.parse(await readFile(output.trim(), 'utf8'));
  const { name, version } = JSON.parse(await readFile('package.json', 'utf8'));
  expect(sbom).toMatchObject({ bomFormat: 'CycloneDX', metadata: { component: { name, version } } });
  interface Component {
    name: string;
    hashes?: unknown[];
    licenses?: unknown[];
    properties: { name: string }[];
  }
  const components: Component[] = sbom.components;
  const namesOf = (list: Component[]) => list.map((component) => component.name);
  const isBundled = ({ properties }: Component) => properties.some((property) => property.name.endsWith(':bundled'));
  expect(namesOf(components.filter((component) => !isBundled(component)))).toEqual(['jose', 'ky']);
  expect(namesOf(components.filter(isBundled))).toEqual(
    expect.arrayContaining(['hono', 'zod', 'mediabunny', '@noble/hashes']),
  );
  expect(namesOf(components)).not.toEqual(expect.arrayContaining(['vitest']));
  expect(components.filter(({ hashes, licenses }) => !hashes?.length || !licenses?.length)).toEqual([]);
  const refs = new Set(sbom.components.map((component: { 'bom-ref': string }) => component['bom-ref']));
  const edges: { ref: string; dependsOn: string[] }[] = sbom.dependencies;
  expect(edges.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.has(ref))).toEqual([]);
});

describe('npm publish', () => {
  let home: string;
  let tarball: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'doctape-publish-'));
    await writeFile(join(home, '.npmrc'), 'update-notifier=false\nnoproxy=127.0.0.1\n');
    const packed = await packPackage(home);
    tarball = join(home, 'copy.tgz');
    await cp(packed.tarball, tarball);
    return () => rm(home, { recursive: true, force: true });
  });

  /** Publishes to a registry on this machine. @returns also the documents that the registry received */
  async function publish(...flags: string[]) {
    const received: { _attachments: Record<string, { data: string }> }[] = [];
    const registry = await scriptedServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      if (request.method === 'PUT') received.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.writeHead(request.method === 'PUT' ? 201 : 404, { 'content-type': 'application/json' }).end('{}');
    });
    // neither the settings of the user, nor those of this test run, nor a CI
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(?:npm_|CI$|GITHUB_|GITLAB_|ACTIONS_|SIGSTORE_)/i.test(name),
    );
    const env = {
      ...Object.fromEntries(own),
      ...{ npm_config_userconfig: join(home, '.npmrc'), npm_config_cache: join(home, '.npm') },
    };
    const { host } = new URL(registry.url);
    const args = ['publish', tarball, `--registry=${registry.url}/`, `--//${host}/:_authToken=a-token`, ...flags];
    return { ...(await run('npm', args, env)), received };
  }

  it('sends the file that was packed', async () => {
    const { code, output, received } = await publish('--no-provenance');
    expect({ code, output }).toMatchObject({ code: 0 });
    const hash = (bytes: Buffer) => createHash('sha512').update(bytes).digest('hex');
    const sent = received.flatMap(({ _attachments }) =>
      Object.values(_attachments).map(({ data }) => hash(Buffer.from(data, 'base64'))),
    );
    expect(sent).toEqual([hash(await readFile(tarball))]);
  });

  it('refuses without provenance outside of a CI, and sends nothing', async () => {
    const { code, output, received } = await publish();
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('provenance') });
    expect(received).toEqual([]);
  });
});
