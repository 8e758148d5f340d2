import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createClient } from 'redis';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { ApiClient } from '../../src/index.js';
import { blocks } from '../docs/pages.js';
import { cloneWith, startApplication } from '../docs/reader/clone.js';
import { checkInvalidUploads } from '../examples/invalid-uploads.js';
import { type RunningProgram, startProgram } from '../examples/program.js';
import { settingsFor, users } from '../examples/settings.js';
import { checkTwoTabs } from '../examples/two-tabs.js';
import { goToSignIn, type Visitor, visitor } from '../examples/visitor.js';
import { installPackage, linkPackage, packPackage } from '../support/packed-package.js';
import { inPackage } from '../support/paths.js';
import { type RunningRedis, startRedis } from '../support/redis.js';
import { requires } from '../support/requirements.js';
import { allScopes, served, tokenFor } from '../support/sandbox.js';

const run = promisify(execFile);
const packages = ['express', 'express-session', 'connect-redis', 'redis'];

/** A project with the packed package, the example, and the packages that its page lists. */
let project: string;
/** The path of the example's server. */
let example: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'doctape-express-'));
  await installPackage((await packPackage(project)).tarball, project);
  for (const name of packages) await linkPackage(name, project, 'test/consumers');
  await cp(join(project, 'node_modules/doctape-sdk/docs/examples/express'), join(project, 'express'), {
    recursive: true,
  });
  example = join(project, 'express/server.ts');
  return () => rm(project, { recursive: true, force: true });
});

/** The paths of the requests that the sandbox has received. */
const requested: string[] = [];
const server = await served({ users, log: ({ path }) => requested.push(path) });
const { url, sandbox } = server;

function settings(publicUrl: string, redisUrl: string): Record<string, string> {
  return { ...settingsFor(server, publicUrl), REDIS_URL: redisUrl, SESSION_SECRET: 'a secret of the tests' };
}

it('does not start with a key that is too short', async () => {
  const wrong = { ...settings('http://localhost:3000', 'redis://127.0.0.1:1'), TOKEN_KEY: 'much-too-short' };
  const started = startProgram(example, wrong);
  await expect(started).rejects.toThrow('secret must have at least 16 characters');
});

describe('two instances of the Express example behind one URL', requires('redis'), () => {
  let redis: RunningRedis;
  let stored: ReturnType<typeof createClient>;
  const instances: RunningProgram[] = [];
  /** The path of each request, and the instance that received it. */
  const visits: string[] = [];
  // kept alive: an instance that responds before it has read the request would lose its response by closing the connection
  const agent = new Agent({ keepAlive: true });
  const proxy = createServer((incoming, outgoing) => {
    const number = visits.length % instances.length;
    visits.push(`${incoming.url?.split('?')[0]} by ${number}`);
    const { method, url: path, headers } = incoming;
    const forwarded = httpRequest({ port: instances[number]?.port, method, path, headers, agent }, (response) => {
      outgoing.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(outgoing);
      // an instance that responds early still reads the rest of the request, which must not be the next request
      response.on('end', () => {
        if (forwarded.writableFinished) return;
        forwarded.destroy();
        incoming.resume();
      });
    });
    forwarded.on('error', () => outgoing.destroy());
    outgoing.on('close', () => forwarded.destroy()); // a client that disconnects also disconnects from the instance
    incoming.pipe(forwarded);
  });
  let address = '';

  beforeAll(async () => {
    redis = await startRedis();
    stored = createClient({ url: redis.url });
    await stored.connect();
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    address = `http://localhost:${(proxy.address() as AddressInfo).port}`;
    for (let count = 0; count < 2; count++) {
      instances.push(await startProgram(example, settings(address, redis.url)));
    }
  });

  afterAll(async () => {
    stored.destroy();
    proxy.close();
    proxy.closeAllConnections();
    agent.destroy();
    const codes = await Promise.all(instances.map((instance) => instance.stop()));
    await redis.stop();
    expect(codes).toEqual([0, 0]);
  });

  async function signedIn(): Promise<Visitor> {
    const user = visitor(`http://127.0.0.1:${new URL(address).port}`);
    const callback = await goToSignIn(user, '/login');
    expect((await user.get(callback)).headers.get('location')).toBe('/');
    return user;
  }

  it('finish a sign-in that the other one started, without storing anything in between', async () => {
    await stored.flushDb();
    const from = visits.length;
    const user = visitor(`http://127.0.0.1:${new URL(address).port}`);
    const callback = await goToSignIn(user, '/login');
    expect(await stored.dbSize()).toBe(0);
    const back = await user.get(callback);
    expect([back.status, back.headers.get('location')]).toEqual([303, '/']);
    const [first, second] = visits.slice(from);
    expect([first?.slice(0, -1), second?.slice(0, -1)]).toEqual(['/login by ', '/callback by ']);
    expect(first?.at(-1)).not.toBe(second?.at(-1));
    expect([...user.cookies.keys()]).toEqual(['session']);
    for (let page = 0; page < 4; page++) {
      expect(await (await user.get('/')).text()).toContain('<h1>Files of alice</h1>');
    }
    expect(await stored.dbSize()).toBe(1);
  });

  it('store tokens encrypted, and set HttpOnly cookies', async () => {
    await stored.flushDb();
    const user = await signedIn();
    const [key = ''] = await stored.keys('*');
    const session = JSON.parse((await stored.get(key)) ?? '');
    expect(Object.keys(session)).toEqual(['cookie', 'token']);
    expect(session.token).toMatch(/^[\w-]+\.\.[\w-]+\.[\w-]+\.[\w-]+$/); // encrypted
    for (const header of user.seen) expect(header).toMatch(/HttpOnly.*SameSite=Lax/);
  });

  it('stream uploads and downloads, and escape file names', async () => {
    const user = await signedIn();
    const chunk = new Uint8Array(1_000_000).fill(120);
    let left = 8;
    const body = new ReadableStream({
      pull(controller) {
        if (left-- > 0) controller.enqueue(chunk);
        else controller.close();
      },
    });
    const name = encodeURIComponent('<b>"Übersicht" \r\n.html');
    const response = await user.post(`/files?name=${name}`, body, { 'content-type': 'text/html' });
    expect([response.status, await response.text()]).toEqual([201, 'Uploaded.']);

    const page = await (await user.get('/')).text();
    expect(page).not.toContain('<b>');
    const [, path = '', shown] = /<a href="(\/files\/[^"]+)">([^<]+)<\/a>, 8000000 bytes/.exec(page) ?? [];
    expect(shown).toBe('&#60;b&#62;&#34;Übersicht&#34; .html');
    const download = await user.get(path);
    expect(download.headers.get('content-disposition')).toMatch(/^attachment; .*filename\*=UTF-8''/);
    expect(download.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await download.bytes()).length).toBe(8_000_000);
  });

  it('explain each failure in a sentence, and log no credentials', async () => {
    const user = visitor(`http://127.0.0.1:${new URL(address).port}`);
    const missing = await user.get('/files/nothing');
    expect([missing.status, await missing.text()]).toEqual([401, expect.stringContaining('Please sign in first.')]);

    const denied = await user.get(await goToSignIn(user, '/login', 'deny'));
    expect([denied.status, await denied.text()]).toEqual([403, expect.stringContaining('You did not give')]);
    expect(user.cookies.size).toBe(0);

    const alice = await signedIn();
    const unknown = await alice.get('/files/nothing');
    expect([unknown.status, await unknown.text()]).toEqual([404, expect.stringContaining('This file does not exist.')]);
    const large = new Blob([new Uint8Array(30_000_000)]).stream();
    // `fetch` closes the connection if a response arrives before its request was sent, and the next request may still be sent on it. For
    // another origin, it has other connections
    const uploader = visitor(address);
    for (const [name, value] of alice.cookies) uploader.cookies.set(name, value);
    const full = await uploader.post('/files?name=large.bin', large, { accept: 'text/plain' });
    expect([full.status, await full.text()]).toEqual([413, 'There is not enough storage space for this file.']);
    await checkInvalidUploads(alice, '/files');
    for (const id of ['%E0%A4%A', 'x'.repeat(3_000)]) expect((await alice.get(`/files/${id}`)).status).toBe(400);

    const lines = instances.flatMap(({ output }) => output);
    expect(lines.filter((line) => !line.startsWith('Listening'))).toEqual([]);
  });

  it('respond to HEAD without downloading the file', async () => {
    const user = await signedIn();
    await user.post('/files?name=headed.txt', 'text', { 'content-type': 'text/plain' });
    const [, path = ''] = /<a href="([^"]+)">headed\.txt</.exec(await (await user.get('/')).text()) ?? [];
    const from = requested.length;
    const head = await user.head(path);
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '4', '']);
    await user.get('/'); // by then, the sandbox has logged an earlier request
    expect(requested.slice(from).filter((each) => each.includes('/doc/'))).toEqual([
      `/v1/doc/${path.split('/').at(-1)}`,
    ]);
  });

  it('keep a user signed in who reloads the callback', async () => {
    const user = visitor(`http://127.0.0.1:${new URL(address).port}`);
    const callback = await goToSignIn(user, '/login');
    await user.get(callback);
    const session = user.cookies.get('session');
    const again = await user.get(callback);
    expect([again.status, again.headers.get('location')]).toEqual([303, '/']);
    expect(user.cookies.get('session')).toBe(session);
  });

  it('refuse the callback of another user, and a repeated one', async () => {
    const attacker = visitor(`http://127.0.0.1:${new URL(address).port}`);
    const attackerSignIn = await goToSignIn(attacker, '/login');
    const victim = visitor(`http://127.0.0.1:${new URL(address).port}`);
    const victimSignIn = await goToSignIn(victim, '/login');
    expect((await victim.get(attackerSignIn)).status).toBe(400);
    expect((await victim.get(victimSignIn)).status).toBe(303); // their own sign-in is not lost

    const [[name, pending] = ['', '']] = attacker.cookies;
    expect((await attacker.get(attackerSignIn)).status).toBe(303);
    for (let time = 0; time < 2; time++) {
      attacker.cookies.clear(); // a user who is signed in stays signed in
      attacker.cookies.set(name, pending);
      expect((await attacker.get(attackerSignIn)).status).toBe(400);
    }
  });

  it('let two tabs sign in at the same time', async () => {
    await checkTwoTabs(`http://127.0.0.1:${new URL(address).port}`, '/login');
  });

  it('start a new session at each sign-in', async () => {
    const user = await signedIn();
    const before = user.cookies.get('session') ?? '';
    await user.get(await goToSignIn(user, '/login'));
    expect(user.cookies.get('session')).not.toBe(before);
    const holder = visitor(`http://127.0.0.1:${new URL(address).port}`);
    holder.cookies.set('session', before);
    expect(await (await holder.get('/')).text()).toContain('Sign in with doctape');
  });

  it('sign out in both instances, and only by a request of their own page', async () => {
    const user = await signedIn();
    const session = user.cookies.get('session') ?? '';
    expect((await user.get('/sign-out')).status).toBe(404);
    expect((await user.post('/sign-out', '', { 'sec-fetch-site': 'same-site' })).status).toBe(403);
    expect(await (await user.get('/')).text()).toContain('Files of alice');
    expect((await user.post('/sign-out', '', { 'sec-fetch-site': 'same-origin' })).status).toBe(303);
    for (let page = 0; page < 2; page++) {
      user.cookies.set('session', session);
      expect(await (await user.get('/')).text()).toContain('Sign in with doctape');
    }
  });

  it('keep running when a client aborts a download', async () => {
    const api = new ApiClient({ token: await tokenFor(sandbox, 'alice', allScopes, url), baseUrl: `${url}/v1` });
    const { id } = await api.files.upload(new Uint8Array(5_000_000), { name: 'large.bin' });
    const user = await signedIn();
    const download = await user.get(`/files/${id}`);
    const reader = download.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect((await user.get('/')).status).toBe(200);
    expect(instances.flatMap(({ output }) => output).length).toBe(2); // the lines with their URLs, and no errors
  });

  it('exit if their port is in use', async () => {
    const taken = { ...settings(address, redis.url), PORT: String(instances[0]?.port) };
    const started = startProgram(example, taken);
    await expect(started).rejects.toThrow(/ended before it listened:.*EADDRINUSE/s);
    await expect(started).rejects.not.toThrow('Listening');
  });

  it('set Secure cookies if the URL is https', async () => {
    const instance = await startProgram(example, settings('https://files.example', redis.url));
    onTestFinished(() => void instance.stop());
    const user = visitor(`http://127.0.0.1:${instance.port}`);
    const start = await user.get('/login');
    expect(start.headers.getSetCookie()).toEqual([
      expect.stringMatching(/^__Host-doctape-[\w-]{10}=.*Path=\/;.*HttpOnly; Secure/),
    ]);
  });
});

it('the commands in its README start it', requires('redis'), async () => {
  const block = blocks.find(({ place }) => place === 'docs/examples/express/README.md: Run it (2)');
  const redis = await startRedis();
  onTestFinished(redis.stop);
  const text = block?.text.replaceAll('redis://127.0.0.1:6379', redis.url) ?? '';
  await startApplication(text, (sandboxUrl) => cloneWith(packages, sandboxUrl));
});

it('tsc accepts it with the options in its README', async () => {
  for (const name of ['@types/node', '@types/express', '@types/express-session']) {
    await linkPackage(name, project, 'test/consumers');
  }
  const compilerOptions = {
    ...{ allowImportingTsExtensions: true, noEmit: true, types: ['node'] },
    ...{ strict: true, skipLibCheck: true, module: 'nodenext', target: 'es2023' },
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['express'] }));
  const { stdout } = await run(process.execPath, [inPackage('@typescript/native/bin/tsc'), '-p', project]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});
