import { join } from 'node:path';
import { build } from 'vitepress';
import { basePath } from './base-path.ts';
import { bundlePlayground } from './playground/bundle.ts';
import { writeLlms } from './write-llms.ts';
import { pagesFolder, writePages } from './write-pages.ts';
import { writeReference } from './write-reference.ts';

// Builds the documentation site into docs/site/dist: `npm run docs:site`, or `BASE=/doctape-sdk/ npm run docs:site`

const base = basePath(process.env.BASE);
writePages();
writeReference(join(pagesFolder, 'reference'));
await build(import.meta.dirname);
const output = join(import.meta.dirname, 'dist');
await bundlePlayground(output, base);
writeLlms(output, base);
