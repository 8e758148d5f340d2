import { defineBrowserProvider } from '@vitest/browser';
import type { BrowserProviderOption } from 'vitest/node';
import { openWebKit, type WebKitPage } from '../support/webkit.js';

declare module 'vitest/browser' {
  interface BrowserCommands {
    __vitest_viewport: (size: { width: number; height: number }) => Promise<void>;
  }
}

/** Runs the tests of test/browser in WebKit. Vitest's providers need a WebDriver library, or a WebKit that no registry offers. */
export function webkit(): BrowserProviderOption {
  return defineBrowserProvider({
    name: 'webkit',
    supportedBrowser: ['webkit'],
    providerFactory: (project) => {
      // the window has the size of the viewport already: see the display
      project.browser?.registerCommand('__vitest_viewport', async () => {});
      const pages: WebKitPage[] = [];
      return {
        name: 'webkit',
        supportsParallelism: false,
        getCommandsContext: () => ({}),
        async openPage(_session, url) {
          const page = await openWebKit();
          pages.push(page);
          await page.goto(url);
        },
        async close() {
          await Promise.all(pages.splice(0).map((page) => page.close()));
        },
      };
    },
  });
}
