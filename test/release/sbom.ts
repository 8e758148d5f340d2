import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repository } from '../support/paths.ts';

// The last step of `npm run release:pack`: writes what the package consists of, as CycloneDX, to doctape-sdk-VERSION.cdx.json. `npm sbom`
// would list either only the dependencies, or also the tools; but most packages that come along are bundled.

interface Component {
  'bom-ref': string;
  name: string;
  version: string;
  properties: { name: string; value: string }[];
}

interface Sbom {
  metadata: { component: { name: string } };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

function npmSbom(...flags: string[]): Sbom {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only', ...flags];
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd: repository, encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`npm sbom failed: ${stderr}`);
  return JSON.parse(stdout);
}

/** The packages that the build bundled, such as `hono@4.13.19`: it wrote their licences to one file. */
function bundledPackages(): string[] {
  const text = readFileSync(join(repository, 'dist/third-party-licences.txt'), 'utf8');
  return text.split(`\n${'-'.repeat(80)}\n\n`).map((licence) => {
    const [, name, version] = /^(\S+) (\S+) \(/.exec(licence) ?? [];
    if (!name) throw new Error(`dist/third-party-licences.txt has an entry without a package: ${licence.slice(0, 80)}`);
    return `${name}@${version}`;
  });
}

const { name, version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'));
const all = npmSbom();
const productionOnly = ['--include=prod', '--omit=dev', '--omit=peer']; // .npmrc includes dev
const dependencies = npmSbom(...productionOnly).components.map((component) => component['bom-ref']);
const bundled = bundledPackages();
const unknown = bundled.filter((ref) => !all.components.some((component) => component['bom-ref'] === ref));
if (unknown.length > 0) throw new Error(`npm sbom does not know ${unknown.join(', ')}: run npm ci and npm run build`);

const root = `${name}@${version}`;
const kept = [...dependencies, ...bundled];
const sbom: Sbom = {
  ...all,
  metadata: { ...all.metadata, component: { ...all.metadata.component, name } }, // npm takes the name of the folder
  components: all.components
    .filter((component) => kept.includes(component['bom-ref']))
    .map((component) => ({
      ...component,
      properties: bundled.includes(component['bom-ref'])
        ? [{ name: 'cdx:npm:package:bundled', value: 'true' }]
        : component.properties,
    })),
  dependencies: all.dependencies
    .filter(({ ref }) => ref === root || kept.includes(ref))
    .map(({ ref, dependsOn }) => ({
      ref,
      dependsOn: ref === root ? kept : dependsOn.filter((other) => kept.includes(other)),
    })),
};
const file = join(process.argv[2] ?? '.', `${name}-${version}.cdx.json`);
writeFileSync(file, `${JSON.stringify(sbom, null, 2)}\n`);
console.log(file);
