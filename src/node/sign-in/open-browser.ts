import { spawn } from 'node:child_process';

/**
 * Opens an address in the user's browser.
 * @returns a promise that rejects when there is no way to, and may stay open as long as the browser
 */
export function openBrowser(url: URL): Promise<void> {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  return new Promise((resolve, reject) => {
    // no shell is involved: nothing in the address can be taken for a command
    const child = spawn(command, [...args, url.href], { stdio: 'ignore', detached: true });
    child.once('error', () => reject(new Error(`${command} could not be started`)));
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${command} failed`))));
    child.unref();
  });
}

const openers: Partial<Record<NodeJS.Platform, [string, ...string[]]>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};
