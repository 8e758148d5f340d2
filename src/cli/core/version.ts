import { readFileSync } from 'node:fs';

/** The version of the package. The bundle is in a folder next to `package.json`. */
export const version: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
