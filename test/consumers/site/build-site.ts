import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { inRepository } from '../../support/paths.js';

export const siteFolder: string = inRepository('docs/site/dist');
/** A path that is not the root of the host, which is the harder case. */
export const base = '/some/path/';

/** Builds the site. */
export async function buildSite(): Promise<void> {
  const env = { ...process.env, BASE: base, NODE_ENV: 'production' };
  await promisify(execFile)(process.execPath, [inRepository('docs/site/build.ts')], { env });
}
