import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { LaunchOptions } from 'playwright-core';
import { inRepository } from './paths.js';

// Finds browsers, and knows their launch options.

export interface TestBrowser {
  name: 'chromium' | 'firefox';
  launchOptions: LaunchOptions;
}

export const browserNames: readonly TestBrowser['name'][] = ['chromium', 'firefox'];

/** The installed browsers. Linux on x64 uses Chromium from npm if none is installed. */
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
  // with this channel playwright uses WebDriver BiDi; otherwise it requires its own build of Firefox
  return executablePath
    ? {
        name: 'firefox',
        launchOptions: { channel: 'moz-firefox', executablePath, headless: true, firefoxUserPrefs: preferences },
      }
    : undefined;
}

const preferences = {
  // blocks Firefox's background requests with a proxy that does not exist. Loopback does not use the proxy
  'network.proxy.type': 1,
  'network.proxy.http': '127.0.0.1',
  'network.proxy.http_port': 9,
  'network.proxy.ssl': '127.0.0.1',
  'network.proxy.ssl_port': 9,
  'network.proxy.allow_bypass': false,
  'network.proxy.failover_direct': false,
  // page.goBack() never resolves for a page in this cache
  'fission.bfcacheInParent': false,
};

function findChromium(): TestBrowser | undefined {
  const executablePath = findProgram('CHROMIUM_PATH', [
    '/usr/bin/chromium',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ]);
  const args = [
    '--no-sandbox', // required for root and in most containers
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1',
  ];
  if (executablePath) return { name: 'chromium', launchOptions: { executablePath, headless: true, args } };
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined; // the Chromium from npm supports no other platform
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
  if (!existsSync(chosen)) throw new Error(`${variable} is ${chosen}, which does not exist`);
  return chosen;
}

/** Unpacks Chromium from the npm package, with the libraries that a minimal system lacks. */
function unpackChromium(): string {
  const entry = createRequire(inRepository('package.json')).resolve('@sparticuz/chromium');
  const { version } = JSON.parse(readFileSync(join(dirname(entry), '../package.json'), 'utf8'));
  const folder = inRepository('node_modules/.cache', `chromium-${version}`);
  if (existsSync(folder)) return folder;
  // unpacks into another folder first, because a concurrent run must not find an incomplete one
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
    // the original configuration has other folders, and Chromium crashes on a form if it finds no font
    writeFileSync(
      join(unfinished, 'fonts/fonts.conf'),
      '<?xml version="1.0"?><fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>\n',
    );
    try {
      renameSync(unfinished, folder);
    } catch (error) {
      if (!existsSync(folder)) throw error; // otherwise a concurrent run was faster
    }
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return folder;
}
