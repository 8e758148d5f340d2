import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileScript, parse } from 'vue/compiler-sfc';
import { ApiClient } from '../../../src/index.js';
import { describeInBrowsers, openBrowser } from '../../journeys/browser.js';
import { served, tokenFor } from '../../support/sandbox.js';
import { reply, scriptedServer } from '../../support/scripted-server.js';
import { saveRecipe } from './recipe.js';

// The components of the recipes for React and Vue, in pages.

const { url: sandboxUrl, sandbox } = await served();

const programs = {
  React: `
    import { createElement, StrictMode } from 'react';
    import { createRoot } from 'react-dom/client';
    import { Files } from './files.tsx';
    createRoot(document.querySelector('#app')).render(createElement(StrictMode, null, createElement(Files)));`,
  Vue: `
    import { createApp } from 'vue';
    import Files from './Files.vue';
    createApp(Files).mount('#app');`,
};

const vue: Plugin = {
  name: 'vue',
  setup({ onLoad }) {
    onLoad({ filter: /\.vue$/ }, async ({ path }) => {
      const { descriptor } = parse(await readFile(path, 'utf8'), { filename: path });
      const { content } = compileScript(descriptor, { id: 'files', inlineTemplate: true });
      return { contents: content, loader: 'ts' };
    });
  },
};

async function bundled(name: keyof typeof programs): Promise<string> {
  const { folder, remove } = await saveRecipe(name, sandboxUrl);
  try {
    const { outputFiles } = await build({
      stdin: { contents: programs[name], resolveDir: folder },
      bundle: true,
      write: false,
      format: 'esm',
      jsx: 'automatic',
      plugins: [vue],
      define: {
        // in production, React ignores StrictMode
        'process.env.NODE_ENV': '"development"',
        __VUE_OPTIONS_API__: 'true',
        __VUE_PROD_DEVTOOLS__: 'false',
        __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
      },
      absWorkingDir: join(folder),
      logLevel: 'error',
    });
    return outputFiles[0]?.text ?? '';
  } finally {
    await remove();
  }
}

async function decide(page: Page, decision: 'allow' | 'deny'): Promise<void> {
  await page.fill('#username', 'alice');
  await page.fill('#password', 'wonderland');
  await page.click(`button[value=${decision}]`);
}

describe.each(['React', 'Vue'] as const)('the recipe for %s', (framework) => {
  let script: string;
  beforeAll(async () => {
    script = await bundled(framework);
  });

  describeInBrowsers('in a page', (name) => {
    const browser = openBrowser(name);

    it('reports a denial, signs in, lists the files and signs out', async () => {
      const token = await tokenFor(sandbox, 'alice', undefined, sandboxUrl);
      const api = new ApiClient({ token, baseUrl: `${sandboxUrl}/v1` });
      const { id } = await api.files.upload(new Blob(['hello']), { name: `${framework} in ${name}.txt` });
      const { url } = await scriptedServer((request, response) => {
        const isScript = request.url === '/script.js';
        const html = '<!doctype html><div id="app"></div><script type="module" src="/script.js"></script>';
        reply(response, 200, isScript ? script : html, {
          'content-type': isScript ? 'text/javascript' : 'text/html; charset=utf-8',
        });
      });
      const { openPage, printed } = await browser.visitor();
      const page = await openPage(`${url}/`);
      const signIn = page.getByRole('button', { name: 'Sign in' });

      await signIn.click();
      await decide(page, 'deny');
      await page.getByRole('alert').getByText('access_denied').waitFor();

      await signIn.click();
      await decide(page, 'allow');
      await page.getByText(`${framework} in ${name}`).waitFor();
      await page.reload();
      await page.getByText(`${framework} in ${name}`).waitFor();

      await page.getByRole('button', { name: 'Sign out' }).click();
      await signIn.waitFor();
      expect(await page.getByRole('listitem').count()).toBe(0);
      expect(printed.filter((line) => !/DevTools|development build/.test(line))).toEqual([]);
      await api.files.delete(id);
    });
  });
});
