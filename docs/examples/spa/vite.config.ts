import { fileURLToPath } from 'node:url';
import { defineConfig, type UserConfig } from 'vite';

const config: UserConfig = defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the Content-Security-Policy has no `data:`
    modulePreload: { polyfill: false },
  },
});
export default config;
