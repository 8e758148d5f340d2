import { spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import type { TestOptions } from 'vitest';
import { findOnPath } from '../../src/sandbox/convert/programs/find-programs.js';
import { findBrowser } from './browsers.js';
import { inPackage, repository } from './paths.js';
import { findRedis } from './redis.js';
import { hasWebKit } from './webkit.js';

// Software that tests need, and that npm does not install. If it is missing, these tests are skipped, and the run ends with a line
// that says so (test/summary-reporter.ts). In CI that is a failure.

export interface Requirement {
  /** As in "4 tests were skipped for lack of Redis". */
  name: string;
  /** The remedy: a sentence without its full stop. */
  remedy: string;
  isMet(): boolean;
  /** Whether CI may lack it, because it is large. */
  isOptional?: boolean;
}

const debian = (name: string) => `Install it (on Debian: apt-get install -y --no-install-recommends ${name})`;

export type RequirementName =
  | 'chromium'
  | 'firefox'
  | 'webkit'
  | 'redis'
  | 'git'
  | 'root'
  | 'mounts'
  | 'interface'
  | 'ipv6'
  | 'libatomic'
  | 'ffmpeg'
  | 'soffice'
  | 'exiftool'
  | 'pdfinfo'
  | 'unzip'
  | 'bash'
  | 'zsh'
  | 'fish';

export const requirements: Record<RequirementName, Requirement> = {
  chromium: {
    name: 'Chromium',
    remedy: `${debian('chromium')} or set CHROMIUM_PATH`,
    isMet: () => findBrowser('chromium') !== undefined,
  },
  firefox: {
    name: 'Firefox',
    remedy: `${debian('firefox-esr')} or set FIREFOX_PATH`,
    isMet: () => findBrowser('firefox') !== undefined,
  },
  webkit: {
    name: 'WebKit',
    remedy: debian('webkit2gtk-driver xvfb'),
    isMet: hasWebKit,
  },
  redis: {
    name: 'Redis',
    remedy: `${debian('redis-server')} or set REDIS_SERVER_PATH`,
    isMet: () => findRedis() !== undefined,
  },
  git: {
    name: 'git, or a clone made by it',
    remedy: `${debian('git')} and clone the repository with it`,
    isMet: () => spawnSync('git', ['ls-files', '--error-unmatch', 'package.json'], { cwd: repository }).status === 0,
  },
  root: {
    name: 'root',
    remedy: 'Run the tests as root, for example in a container',
    isMet: () => process.getuid?.() === 0,
  },
  mounts: {
    name: 'root that may mount',
    remedy: 'Run the tests as root of a machine, or of a container with --privileged',
    isMet: () => process.getuid?.() === 0 && canUnshare(),
  },
  interface: {
    name: 'a network interface other than loopback',
    remedy: 'Connect the machine to any network',
    isMet: () => outsideAddress() !== undefined,
    isOptional: true, // a container may have none
  },
  ipv6: {
    name: 'IPv6',
    remedy: 'Enable it, at least for the loopback interface',
    isMet: () => Object.values(networkInterfaces()).some((all) => all?.some(({ family }) => family === 'IPv6')),
    isOptional: true, // a container may have none
  },
  ffmpeg: {
    name: 'ffmpeg and ffprobe',
    remedy: debian('ffmpeg'),
    isMet: () => canRun('ffmpeg', '-version') && canRun('ffprobe', '-version'),
  },
  soffice: {
    name: 'LibreOffice',
    remedy: debian('libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui'),
    isMet: () => findOnPath('soffice') !== undefined,
    isOptional: true, // 300 MB
  },
  exiftool: { name: 'exiftool', remedy: debian('libimage-exiftool-perl'), isMet: () => canRun('exiftool', '-ver') },
  pdfinfo: { name: 'pdfinfo', remedy: debian('poppler-utils'), isMet: () => canRun('pdfinfo', '-v') },
  unzip: { name: 'unzip', remedy: debian('unzip'), isMet: () => canRun('unzip', '-v') },
  bash: { name: 'bash', remedy: debian('bash'), isMet: () => canRun('bash', '--version') },
  zsh: { name: 'zsh', remedy: debian('zsh'), isMet: () => canRun('zsh', '--version') },
  fish: { name: 'fish', remedy: debian('fish'), isMet: () => canRun('fish', '--version') },
  libatomic: {
    name: 'libatomic, without which Node 26 does not start',
    remedy: debian('libatomic1'),
    isMet: () => !spawnSync(inPackage('node26/bin/node', 'test/runtimes'), ['--version']).stderr.includes('libatomic'),
  },
};

declare module 'vitest' {
  interface TaskMeta {
    /** The needs of the test that are missing. */
    missing?: RequirementName[];
  }
}

const missingByName = new Map<RequirementName, boolean>();

function isMissing(name: RequirementName): boolean {
  const known = missingByName.get(name);
  if (known !== undefined) return known;
  const missing = !requirements[name].isMet();
  missingByName.set(name, missing);
  return missing;
}

/** Options of a test or a `describe` that is skipped if one of these is missing. */
export function requires(...names: RequirementName[]): TestOptions {
  const missing = names.filter(isMissing);
  return missing.length > 0 ? { skip: true, meta: { missing } } : {};
}

/** An address of this machine that other machines can reach. */
export function outsideAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses);
  return all.find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
}

function canRun(program: string, flag: string): boolean {
  return spawnSync(program, [flag]).status === 0;
}

function canUnshare(): boolean {
  return spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status === 0;
}
