import { spawn } from 'node:child_process';

/**
 * Opens a URL in the user's browser.
 * @returns a promise that rejects if the opener fails. It may stay pending until the browser is closed
 */
export function openBrowser(url: URL): Promise<void> {
  const [command, ...args] = openers[process.platform] ?? ['xdg-open'];
  return new Promise((resolve, reject) => {
    // uses no shell, so that nothing in the URL can be treated as a command
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
