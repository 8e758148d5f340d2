import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { OfficeFormat } from '../office-formats.js';
import type { Limits } from './limits.js';

export const sofficeLimits: Limits = {
  seconds: 120,
  memoryBytes: 3 * 1024 ** 3,
  fileBytes: 256 * 1024 ** 2,
  openFiles: 256,
};

/** Settings of LibreOffice: the path of a group, the name of a setting in it, and its value. */
const settings: [path: string, name: string, value: string][] = [
  // documents must not load pictures and other documents, be they files or URLs
  ['org.openoffice.Office.Common/Security/Scripting', 'BlockUntrustedRefererLinks', 'true'],
  ['org.openoffice.Office.Common/Security/Scripting', 'DisableActiveContent', 'true'],
  ['org.openoffice.Office.Common/Security/Scripting', 'DisableMacrosExecution', 'true'],
  ['org.openoffice.Office.Common/Security/Scripting', 'MacroSecurityLevel', '3'],
  ['org.openoffice.Office.Writer/Content/Update', 'Link', '2'], // never
  ['org.openoffice.Office.Calc/Content/Update', 'Link', '2'],
  ['org.openoffice.Inet/Settings', 'ooInetProxyType', '2'], // a proxy that refuses all connections
  ['org.openoffice.Inet/Settings', 'ooInetHTTPProxyName', '127.0.0.1'],
  ['org.openoffice.Inet/Settings', 'ooInetHTTPProxyPort', '9'],
  ['org.openoffice.Inet/Settings', 'ooInetHTTPSProxyName', '127.0.0.1'],
  ['org.openoffice.Inet/Settings', 'ooInetHTTPSProxyPort', '9'],
  ['org.openoffice.Inet/Settings', 'ooInetNoProxy', ''],
];

/** Writes a new profile, so that the settings of the user do not matter. */
async function writeProfile(folder: string): Promise<void> {
  const items = settings.map(
    ([path, name, value]) =>
      `<item oor:path="/${path}"><prop oor:name="${name}" oor:op="fuse"><value>${value}</value></prop></item>`,
  );
  await mkdir(join(folder, 'user'), { recursive: true });
  await writeFile(
    join(folder, 'user', 'registrymodifications.xcu'),
    `<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">${items.join('')}</oor:items>
`,
  );
}

/**
 * The arguments that convert a file into a PDF in `output`.
 * @param folder for the profile, which is written
 */
export async function sofficeArgs(
  { filter, module }: OfficeFormat,
  input: string,
  folder: string,
  output: string,
): Promise<string[]> {
  const profile = join(folder, 'profile');
  await writeProfile(profile);
  return [
    `-env:UserInstallation=${pathToFileURL(profile)}`,
    ...['--headless', '--norestore', '--nologo', '--nolockcheck', '--nofirststartwizard', '--nodefault'],
    `--infilter=${filter}`,
    ...['--convert-to', `pdf:${module}_pdf_Export`, '--outdir', output, input],
  ];
}
