import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

// Programs that use every entry point of the installed package, by import and by require().

const run = promisify(execFile);
const { exports } = JSON.parse(await readFile('package.json', 'utf8'));
/** Without `doctape-sdk/testing`, because it needs msw. */
const entries = Object.keys(exports)
  .filter((path) => !path.endsWith('.json') && path !== './testing')
  .map((path) => path.replace(/^\.\/?/, ''));

const signIn = `
  const main = async ({ ApiClient }, { AuthorizationCodeClient }, { createSandbox }) => {
    const sandbox = createSandbox();
    const app = sandbox.apps.find(({ type }) => type === 'server');
    const client = new AuthorizationCodeClient({
      clientId: app.clientId,
      clientSecret: app.clientSecret,
      redirectUri: 'http://localhost/callback',
      authorizationEndpoint: 'http://localhost/oauth2',
      tokenEndpoint: 'http://localhost/oauth2/token',
      fetch: sandbox.fetch,
    });
    const { url, pending } = await client.authorize();
    const token = await client.exchange(await sandbox.authorize(url, { username: 'alice' }), pending);
    const api = new ApiClient({ token, baseUrl: 'http://localhost/v1', fetch: sandbox.fetch });
    return (await api.account.get()).username;
  };`;

const programs = {
  'app.mjs': `${signIn}
    const modules = await Promise.all(process.argv.slice(2).map((path) => import(path)));
    const names = modules.map((module) => Object.keys(module));
    const username = await main(...await Promise.all(['', '/server', '/sandbox'].map((path) => import('doctape-sdk' + path))));
    console.log(JSON.stringify({ names, username }));`,
  'app.cjs': `${signIn}
    const names = process.argv.slice(2).map((path) => Object.keys(require(path)));
    main(require('doctape-sdk'), require('doctape-sdk/server'), require('doctape-sdk/sandbox')).then((username) => {
      console.log(JSON.stringify({ names, username }));
    });`,
};

export type ProgramName = keyof typeof programs;
export const programNames: readonly ProgramName[] = ['app.mjs', 'app.cjs'];

/** Runs a program with this Node, in a folder where the package is installed. @returns its result */
export async function runProgram(file: ProgramName, node: string, folder: string): Promise<unknown> {
  await writeFile(join(folder, file), programs[file]);
  const modules = entries.map((entry) => (entry === '' ? 'doctape-sdk' : `doctape-sdk/${entry}`));
  const { stdout } = await run(node, [file, ...modules], { cwd: folder });
  return JSON.parse(stdout);
}

/** The expected result: the names of all exports, and the signed-in user. */
export async function expectedResult(): Promise<unknown> {
  const names = entries.map(async (entry) => Object.keys(await import(`../../dist/${entry || 'index'}.js`)));
  return { names: await Promise.all(names), username: 'alice' };
}
