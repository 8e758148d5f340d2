import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { submitLoginForm } from '../../../src/cli/commands/login-form.js';
import { allScopes } from '../../support/sandbox.js';
import { servedForTest, wait } from '../../support/scripted-server.js';
import { submitOutOfBand } from '../../support/submit-out-of-band.js';
import { cwd, home, logIn, run, signedIn, start, startOnTerminal, useHome, useServerWithFile } from '../user.js';

useHome();

it('signs in to a sandbox without further flags, and signs out', async () => {
  const { url } = await servedForTest();
  expect(await logIn(url)).toMatchObject({ code: 0, stdout: `Signed in as alice at ${url}/v1\n` });
  const whoami = await run(['whoami']);
  expect(whoami).toMatchObject({ code: 0, stderr: '' });
  expect(whoami.stdout).toMatch(/^alice \(alice@\S+\), 0 B of \S+ \S+ used, at http:\S+\/v1\n$/);
  expect(JSON.parse((await run(['whoami', '--json'])).stdout)).toMatchObject({
    username: 'alice',
    baseUrl: `${url}/v1`,
  });

  expect((await run(['logout'])).stdout).toMatch(/^Signed out/);
  expect(await readdir(join(home, 'doctape-sdk'))).toEqual([]);
  expect((await run(['logout'])).stdout).toBe('You were not signed in.\n');
  expect(await run(['whoami'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'doctape-sdk: you are not signed in: run `npx doctape-sdk login`\n',
  });
});

it('stores the token with its endpoints in a file that only the user can read', async () => {
  await mkdir(join(home, 'doctape-sdk'), { recursive: true, mode: 0o755 });
  const { url } = await signedIn();
  const file = join(home, 'doctape-sdk', 'session.json');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await stat(join(home, 'doctape-sdk'))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(home, 'doctape-sdk'))).toEqual(['session.json']);
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({
    baseUrl: `${url}/v1`,
    authorizationEndpoint: `${url}/oauth2`,
    tokenEndpoint: `${url}/oauth2/token`,
    clientId: expect.any(String),
    token: expect.objectContaining({ access_token: expect.any(String) }),
  });
  const { access_token } = JSON.parse(await readFile(file, 'utf8')).token;
  for (const args of [['whoami'], ['ls'], ['download', 'nothing'], ['rm', '--yes', 'nothing']]) {
    const { stdout, stderr } = await run(args);
    expect(stdout + stderr).not.toContain(access_token);
  }
});

it('signs in to any server with your own application, and reads its secret from the environment', async () => {
  const app = {
    clientId: 'my-app',
    clientSecret: 'my-secret-0123',
    type: 'server' as const,
    name: 'Mine',
    redirectUris: ['loopback'],
  };
  const { url } = await servedForTest({ apps: [app] });
  const flags = [
    '--authorization-endpoint',
    `${url}/oauth2`,
    '--token-endpoint',
    `${url}/oauth2/token`,
    '--base-url',
    `${url}/v1`,
  ];
  const { code, stdout, stderr } = await logIn(url, ['--client-id', 'my-app', ...flags, '--json'], {
    env: { DOCTAPE_CLIENT_SECRET: 'my-secret-0123' },
  });
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: `${JSON.stringify({ username: 'alice', baseUrl: `${url}/v1` })}\n`,
  });
  expect(stderr).not.toContain('my-secret');
  expect(await readFile(join(home, 'doctape-sdk', 'session.json'), 'utf8')).not.toContain('my-secret');
});

it('signs in with a pasted code', async () => {
  const { url } = await servedForTest();
  const login = start(['login', '--sandbox', url, '--paste']);
  await expect.poll(login.stderr).toMatch(/^http\S+\n/m);
  const address = new URL(/^http\S+/m.exec(login.stderr())?.[0] ?? '');
  expect(address.searchParams.get('redirect_uri')).toBe('urn:ietf:wg:oauth:2.0:oob');
  const code = await submitOutOfBand(address);
  login.child.stdin?.write(`${code}\n`);
  expect(await login.ended).toBe(0);
  expect(login.stdout()).toMatch(/^Signed in as alice/);
});

it('reports that the user declined', async () => {
  const { url } = await servedForTest();
  const login = start(['login', '--no-browser', '--sandbox', url]);
  await expect.poll(login.stderr).toMatch(/^http\S+\n/m);
  const address = new URL(/^http\S+/m.exec(login.stderr())?.[0] ?? '');
  await fetch(await submitLoginForm(address, { username: 'alice', password: 'wonderland', decision: 'deny' }));
  expect(await login.ended).toBe(1);
  expect(login.stderr()).toMatch(/doctape-sdk: .*access_denied[^\n]*\n$/);
});

it('ends login on SIGINT, and leaves no files', async () => {
  const { url } = await servedForTest();
  const login = start(['login', '--no-browser', '--sandbox', url]);
  await expect.poll(login.stderr).toMatch(/^http/m);
  login.child.kill('SIGINT');
  expect(await login.ended).toBe(130);
  const pasting = start(['login', '--paste', '--sandbox', url]);
  await expect.poll(pasting.stderr).toMatch(/^http/m);
  await wait(50);
  pasting.child.kill('SIGINT');
  expect(await pasting.ended).toBe(130);
  expect(await readdir(join(home, '..'))).toEqual(['work']);
});

it('tells the user to sign in again if the token is invalid or the session file is damaged', async () => {
  const { url } = await signedIn();
  const path = join(home, 'doctape-sdk', 'session.json');
  const session = JSON.parse(await readFile(path, 'utf8'));
  for (const token of [
    { ...session.token, access_token: 'not-a-token' },
    { ...session.token, expires_at: 1_000 },
  ]) {
    await writeFile(path, JSON.stringify({ ...session, token }));
    expect(await run(['rm', '--yes', 'a', 'b'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'doctape-sdk: you are no longer signed in: run `npx doctape-sdk login`\n',
    });
  }
  const { token } = session;
  for (const damaged of [
    '',
    '{"token":{"access_token":"the-secret"',
    'null',
    '[]',
    '{"token":"the-secret"}',
    JSON.stringify({ ...session, baseUrl: 'nonsense' }),
    JSON.stringify({ ...session, baseUrl: 'http://user:the-secret@127.0.0.1:1/v1' }),
    JSON.stringify({ ...session, token: { ...token, access_token: '' } }),
    JSON.stringify({ ...session, token: { ...token, access_token: 'the secret\n' } }),
    JSON.stringify({ ...session, token: { ...token, expires_at: 'soon' } }),
  ]) {
    await writeFile(path, damaged);
    const { code, stderr } = await run(['ls']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^doctape-sdk: .+session\.json is damaged: run `npx doctape-sdk login`\n$/);
  }
  expect((await logIn(url)).code).toBe(0);
});

it('reports in one line that the server cannot be reached', async () => {
  await useServerWithFile('x');
  const path = join(home, 'doctape-sdk', 'session.json');
  const session = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify({ ...session, baseUrl: 'http://127.0.0.1:2/v1' }));
  const { code, stderr } = await run(['whoami']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^doctape-sdk: GET http:\/\/127\.0\.0\.1:2\/v1\/account [^\n]+\n$/);
});

it('reports that no sandbox is running before it prompts for anything', async () => {
  const { code, stdout, stderr } = await run(['login', '--sandbox', 'http://127.0.0.1:2']);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toBe(
    'doctape-sdk: there is no server at http://127.0.0.1:2: start one with `npx doctape-sdk sandbox`\n',
  );
});

it.each(['--authorization-endpoint', '--token-endpoint', '--base-url'])(
  'refuses a password in %s before the user signs in, and does not print it',
  async (flag) => {
    const endpoints = {
      '--authorization-endpoint': 'http://127.0.0.1:1/oauth2',
      '--token-endpoint': 'http://127.0.0.1:1/oauth2/token',
      '--base-url': 'http://127.0.0.1:1/v1',
      [flag]: 'http://user:hunter2secret@127.0.0.1:1/',
    };
    const { code, stdout, stderr } = await run(['login', '--client-id', 'x', ...Object.entries(endpoints).flat()]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^doctape-sdk: [^\n]+ must not have a user name or a password\n$/);
    expect(stderr).toContain(`${flag} is invalid`);
  },
);

it.runIf(process.platform === 'linux')('prompts for the client secret on a terminal, without showing it', async () => {
  const app = {
    clientId: 'my-app',
    clientSecret: 'my-secret-0123',
    type: 'server' as const,
    name: 'Mine',
    redirectUris: ['loopback'],
  };
  const { url } = await servedForTest({ apps: [app] });
  const login = startOnTerminal(['login', '--no-browser', '--sandbox', url, '--client-id', 'my-app']);
  await expect.poll(login.stdout).toContain('Client secret');
  login.child.stdin?.write('my-secret-0123\r');
  await expect.poll(login.stdout).toMatch(/^http\S+\r\n/m);
  const address = new URL(/^http\S+/m.exec(login.stdout())?.[0] ?? '');
  await fetch(await submitLoginForm(address, { username: 'alice', password: 'wonderland', decision: 'allow' }));
  expect(await login.ended).toBe(0);
  expect(login.stdout()).toContain('Signed in as alice');
  expect(login.stdout()).not.toContain('my-secret');
});

it('asks for the scopes that the commands need, says so, and needs fewer with --read-only', async () => {
  const { url } = await servedForTest();
  const { address, stderr } = await logIn(url);
  expect(new Set(address.searchParams.get('scope')?.split(' '))).toEqual(new Set(allScopes));
  expect(stderr).toMatch(/^The commands need these permissions: account\.read, file\.read, tape\.read, file\.create, /);
  const reading = await logIn(url, ['--sandbox', url, '--read-only']);
  expect(reading.address.searchParams.get('scope')).toBe('account.read file.read tape.read');
  expect((await run(['ls'])).code).toBe(0);
  await writeFile(join(cwd, 'a.txt'), 'x');
  const refused = await run(['upload', 'a.txt']);
  expect(refused).toEqual({
    ...{ code: 1, stdout: '' },
    stderr: 'doctape-sdk: a.txt: your sign-in does not permit this: run `npx doctape-sdk login` again\n',
  });
});
