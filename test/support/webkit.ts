import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './free-port.js';

// WebKitGTK, the Linux port of Safari's engine. Playwright has a WebKit of its own, which no registry offers; Debian has this one.

const driver = '/usr/bin/WebKitWebDriver';
const display = '/usr/bin/Xvfb';
const folders = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu'];

function findMiniBrowser(): string | undefined {
  return folders.map((folder) => `${folder}/webkit2gtk-4.1/MiniBrowser`).find((path) => existsSync(path));
}

export function hasWebKit(): boolean {
  return existsSync(driver) && existsSync(display) && findMiniBrowser() !== undefined;
}

/** A window of WebKit, controlled by W3C WebDriver. */
export interface WebKitPage {
  goto(url: string): Promise<void>;
  /** Calls an async function of the page with an argument that JSON can represent. The function must not use its closure. */
  evaluate<T, R>(call: (argument: T) => R | Promise<R>, argument: T): Promise<R>;
  close(): Promise<void>;
}

/** Starts a display, a driver and a browser. */
export async function openWebKit(): Promise<WebKitPage> {
  const processes: ChildProcess[] = [];
  const start = (command: string, args: string[], env?: NodeJS.ProcessEnv) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, ...env } });
    processes.push(child);
    return child;
  };
  const stop = async () => {
    for (const child of processes.reverse()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill();
      await once(child, 'exit');
    }
  };
  try {
    const screen = start(display, ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp']);
    const [number] = await once(screen.stdout ?? screen, 'data'); // without a display a session would hang
    const port = await freePort();
    start(driver, [`--port=${port}`, '--host=127.0.0.1'], { DISPLAY: `:${String(number).trim()}` });
    const origin = `http://127.0.0.1:${port}`;
    await ready(origin);
    const { sessionId } = await send<{ sessionId: string }>('POST', `${origin}/session`, {
      capabilities: {
        alwaysMatch: {
          browserName: 'MiniBrowser',
          timeouts: { script: 240_000 },
          'webkitgtk:browserOptions': { binary: findMiniBrowser(), args: ['--automation'] },
        },
      },
    });
    const session = `${origin}/session/${sessionId}`;
    return {
      goto: (url) => send('POST', `${session}/url`, { url }),
      async evaluate(call, argument) {
        const script = `const [argument, done] = arguments;
          Promise.resolve((${call})(argument)).then((value) => done({ value }), (error) => done({ error: String(error) }));`;
        const outcome = await send<{ value: never; error?: string }>('POST', `${session}/execute/async`, {
          script,
          args: [argument],
        });
        if (outcome.error !== undefined) throw new Error(outcome.error);
        return outcome.value;
      },
      async close() {
        await send('DELETE', session).catch(() => {}); // the browser may have ended
        await stop();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ready(origin: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await send('GET', `${origin}/status`);
      return;
    } catch (error) {
      if (attempt === 1_200) throw error;
      await wait(50);
    }
  }
}

async function send<T>(method: string, url: string, body?: object): Promise<T> {
  const json = body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(url, { method, ...json });
  const { value } = (await response.json()) as { value: T & { message?: string } };
  if (!response.ok) throw new Error(`WebDriver responded with ${response.status}: ${value?.message}`);
  return value;
}
