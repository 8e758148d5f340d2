import { defineConfig } from 'vitepress';
import { basePath } from '../base-path.ts';
import { headingAnchor } from '../heading-anchor.ts';
import { sidebar } from './sidebar.ts';

/**
 * VitePress 1.6 marks the current section up to 100 ms after a scroll, also when the outline has gone by then: leaving a page in that
 * time would throw. If VitePress has changed, the build ends with an error: this plugin may then be unnecessary.
 */
const markOnlyWhatIsThere = {
  name: 'mark-only-what-is-there',
  transform(code: string, id: string): string | undefined {
    if (!id.includes('/theme-default/composables/outline.js')) return undefined;
    const start = 'function activateLink(hash) {';
    if (!code.includes(start)) throw new Error(`VitePress has changed, so ${import.meta.filename} must change, too.`);
    return code.replace(start, `${start} if (!marker.value) return;`);
  },
};

const entryPoints = ['doctape-sdk', 'browser', 'server', 'view', 'node', 'sandbox', 'serve', 'testing'];

const base = basePath(process.env.BASE);

export default defineConfig({
  base,
  head: [['link', { rel: 'icon', href: `${base}icon.svg` }]],
  srcDir: 'pages',
  outDir: 'dist',
  lang: 'en',
  ignoreDeadLinks: 'localhostLinks',
  title: 'doctape-sdk',
  description: 'A TypeScript SDK for the doctape cloud-file API, with a sandbox that speaks its protocol',
  vite: {
    publicDir: '../public',
    build: { chunkSizeWarningLimit: 2000 },
    plugins: [markOnlyWhatIsThere],
  },
  markdown: { anchor: { slugify: headingAnchor } },
  themeConfig: {
    nav: [
      { text: 'Guides', link: '/quick-start', activeMatch: '^/(?!reference/|playground/)' },
      { text: 'Playground', link: '/playground/', activeMatch: '^/playground/' },
      { text: 'API reference', link: '/reference/', activeMatch: '^/reference/' },
    ],
    sidebar: {
      '/': sidebar,
      '/reference/': [
        {
          text: 'API reference',
          link: '/reference/',
          items: entryPoints.map((name) => ({
            text: name === 'doctape-sdk' ? name : `doctape-sdk/${name}`,
            link: `/reference/${name}`,
          })),
        },
        ...sidebar,
      ],
    },
    outline: [2, 3],
    search: { provider: 'local' },
  },
});
