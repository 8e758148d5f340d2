import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LaunchOptions } from 'playwright-core';
import { inRepository } from './places.js';

// The one place that knows where browsers are and how they are started.

export interface TestBrowser {
  name: 'chromium' | 'firefox';
  launchOptions: LaunchOptions;
}

export const browserNames: readonly TestBrowser['name'][] = ['chromium', 'firefox'];

/** Those of the browsers that this machine has. Chromium comes from npm on Linux on x64. */
export function findBrowsers(): TestBrowser[] {
  return browserNames.map(findBrowser).filter((browser) => browser !== undefined);
}

export function findBrowser(name: TestBrowser['name']): TestBrowser | undefined {
  return name === 'chromium' ? findChromium() : findFirefox();
}

function findFirefox(): TestBrowser | undefined {
  const executablePath = findProgram('FIREFOX_PATH', [
    '/usr/bin/firefox-esr',
    '/usr/bin/firefox',
    '/Applications/Firefox.app/Contents/MacOS/firefox',
  ]);
  // the channel speaks WebDriver BiDi; without it playwright wants a Firefox that it built itself
  return executablePath
    ? {
        name: 'firefox',
        launchOptions: { channel: 'moz-firefox', executablePath, headless: true, firefoxUserPrefs: preferences },
      }
    : undefined;
}

const preferences = {
  // Firefox calls its maker unasked. Nothing listens on the port of this proxy; what is on loopback needs no proxy
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.allow_bypass': false,
  'network.proxy.failover_direct': false,
  // playwright waits for ever for a page that the back button takes out of this cache
  'fission.bfcacheInParent': false,
};

function findChromium(): TestBrowser | undefined {
  const executablePath = findProgram('CHROMIUM_PATH', [
    '/usr/bin/chromium',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]);
  const args = [
    '--no-sandbox', // as root, and in most containers, it could not start
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
  ];
  if (executablePath) return { name: 'chromium', launchOptions: { executablePath, headless: true, args } };
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined; // the one from npm runs nowhere else
  const folder = unpackChromium();
  return {
    name: 'chromium',
    launchOptions: {
      executablePath: join(folder, 'chromium'),
      headless: true,
      args: [...args, '--no-zygote'],
      env: { ...process.env, LD_LIBRARY_PATH: join(folder, 'al2023/lib'), FONTCONFIG_PATH: join(folder, 'fonts') },
    },
  };
}

function findProgram(variable: string, places: string[]): string | undefined {
  const chosen = process.env[variable];
  if (!chosen) return places.find((path) => existsSync(path));
  if (!existsSync(chosen)) throw new Error(`${variable} is ${chosen}, where there is no file`);
  return chosen;
}

/** Unpacks the Chromium of the npm package, with the libraries that a bare system lacks. */
function unpackChromium(): string {
  const entry = createRequire(inRepository('package.json')).resolve('@sparticuz/chromium');
  const { version } = JSON.parse(readFileSync(join(dirname(entry), '../package.json'), 'utf8'));
  const folder = inRepository('node_modules/.cache', `chromium-${version}`);
  if (existsSync(folder)) return folder;
  // elsewhere first: another run may look for it at the same time, and must not find half of it
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  const program = `
    import chromium, { inflate } from ${JSON.stringify(pathToFileURL(entry).href)};
    await chromium.executablePath();
    await inflate(${JSON.stringify(join(dirname(entry), '../bin/al2023.tar.br'))});`;
  try {
    execFileSync(process.execPath, ['--input-type=module', '--eval', program], {
      env: { ...process.env, TMPDIR: unfinished },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    // its own one looks in other places, and a Chromium that has no font at all dies as soon as there is a form
    writeFileSync(
      join(unfinished, 'fonts/fonts.conf'),
      '<?xml version="1.0"?><fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>\n',
    );
    try {
      renameSync(unfinished, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error; // otherwise another run was quicker
    }
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}
