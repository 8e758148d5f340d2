import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll } from 'vitest';
import { ApiClient, type FileInfo, type Rendition, renditions } from '../../../src/index.js';
import type { ServedSandbox, serveSandbox } from '../../../src/serve.js';
import { installPackage, linkPackage, packPackage } from '../../support/packed-package.js';
import { tokenFor } from '../../support/sandbox.js';

/** A sandbox of the packed package, in a project with some of the optional packages. */
export interface PackedSandbox {
  served: ServedSandbox;
  upload(name: string, bytes: Uint8Array, type?: string): Promise<FileInfo>;
  /** The bytes of a rendition, or undefined if there is none. */
  rendition(id: string, rendition: Rendition): Promise<Uint8Array | undefined>;
  /** The names of all renditions but the original. */
  renditionsOf(id: string): Promise<Rendition[]>;
}

/**
 * Starts a sandbox for each list of optional packages, or with the programs of `--convert`. They are closed after the tests of the
 * file.
 */
export async function packedSandboxes(...lists: (string[] | 'programs')[]): Promise<PackedSandbox[]> {
  const folder = await mkdtemp(join(tmpdir(), 'doctape-media-'));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const plain = join(folder, 'plain');
  await mkdir(plain);
  await installPackage((await packPackage(folder)).tarball, plain);
  const sandboxes: PackedSandbox[] = [];
  for (const [index, packages] of lists.entries()) {
    const project = join(folder, String(index));
    await cp(plain, project, { recursive: true });
    sandboxes.push(await (packages === 'programs' ? start(project, [], true) : start(project, packages)));
  }
  return sandboxes;
}

async function start(project: string, packages: string[], converters = false): Promise<PackedSandbox> {
  for (const name of packages) await linkPackage(name, project, 'test/consumers');
  const entry = pathToFileURL(join(project, 'node_modules/doctape-sdk/dist/serve.js')).href;
  const packed: { serveSandbox: typeof serveSandbox } = await import(entry);
  const served = await packed.serveSandbox({ port: 0, converters });
  afterAll(() => served.close());
  const token = await tokenFor(served.sandbox, 'alice', undefined, served.url);
  const api = new ApiClient({ token, baseUrl: `${served.url}/v1`, retry: false });
  const rendition = async (id: string, name: Rendition) => {
    const response = await fetch(api.files.url(id, name));
    if (response.status === 404) return void (await response.body?.cancel());
    if (response.status !== 200) throw new Error(`${name} of ${id}: ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  };
  return {
    served,
    async upload(name, bytes, type = '') {
      const { id } = await api.files.upload(new File([new Uint8Array(bytes)], name, { type }));
      return converters ? api.files.waitUntilProcessed(id) : api.files.get(id);
    },
    rendition,
    async renditionsOf(id) {
      const found: Rendition[] = [];
      for (const name of renditions) if (name !== 'original' && (await rendition(id, name))) found.push(name);
      return found;
    },
  };
}
