import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';
import type { TestProjectConfiguration } from 'vitest/config';
import type { BrowserInstanceOption } from 'vitest/node';

/** msw needs its worker at the root of the site. A committed copy would become outdated. */
function mswWorker(): Plugin {
  const file = createRequire(import.meta.url).resolve('msw/mockServiceWorker.js');
  return {
    name: 'msw-worker',
    configureServer(server) {
      server.middlewares.use('/mockServiceWorker.js', (_request, response) => {
        response.setHeader('content-type', 'text/javascript').end(readFileSync(file));
      });
    },
  };
}

/** The tests in pages, in these browsers. */
export function inPages(instances: BrowserInstanceOption[]): TestProjectConfiguration {
  return {
    extends: true,
    plugins: [mswWorker()],
    test: {
      name: 'browser',
      include: ['test/browser/**/*.test.ts'],
      globalSetup: ['test/browser/global-setup.ts'],
      // after the others, which keep the machine busy
      sequence: { groupOrder: 2 },
      browser: { enabled: true, headless: true, screenshotFailures: false, instances },
    },
  };
}
