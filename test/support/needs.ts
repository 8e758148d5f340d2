import { spawnSync } from 'node:child_process';
import type { TestOptions } from 'vitest';
import { findBrowser } from './browsers.js';
import { inPackage, repository } from './places.js';
import { findRedis } from './redis.js';

// Software that tests need, and that npm does not install. If it is missing, these tests are skipped, and the run ends with a line
// that says so (test/closing-line.ts). In CI that is a failure.

export interface Need {
  /** As in "4 tests were skipped for lack of Redis". */
  name: string;
  /** The remedy: a sentence without its full stop. */
  remedy: string;
  isMet(): boolean;
}

const debian = (name: string) => `Install it (on Debian: apt-get install -y --no-install-recommends ${name})`;

export type NeedName = 'chromium' | 'firefox' | 'redis' | 'git' | 'root' | 'mounts' | 'libatomic';

export const needs: Record<NeedName, Need> = {
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
  libatomic: {
    name: 'libatomic, without which Node 26 does not start',
    remedy: debian('libatomic1'),
    isMet: () => !spawnSync(inPackage('node26/bin/node', 'test/runtimes'), ['--version']).stderr.includes('libatomic'),
  },
};

declare module 'vitest' {
  interface TaskMeta {
    /** The needs of the test that are not met. */
    lacking?: NeedName[];
  }
}

const lackingByName = new Map<NeedName, boolean>();

function isLacking(name: NeedName): boolean {
  const known = lackingByName.get(name);
  if (known !== undefined) return known;
  const lacking = !needs[name].isMet();
  lackingByName.set(name, lacking);
  return lacking;
}

/** Options of a test or a `describe` that is skipped if one of these is missing. */
export function needing(...names: NeedName[]): TestOptions {
  const lacking = names.filter(isLacking);
  return lacking.length > 0 ? { skip: true, meta: { lacking } } : {};
}

function canUnshare(): boolean {
  return spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status === 0;
}
