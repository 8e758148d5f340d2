import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { installPackage, linkPackage, packPackage } from '../support/packed-package.js';
import { inPackage } from '../support/paths.js';

const run = promisify(execFile);

/** A project with the packed package, what its program uses besides, and the program. */
let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'doctape-tasks-'));
  await installPackage((await packPackage(project)).tarball, project);
  for (const name of ['@types/node', 'undici-types', 'msw', 'hono']) await linkPackage(name, project);
  for (const name of ['express', '@types/express', 'fastify']) await linkPackage(name, project, 'test/consumers');
  await copyFile('test/consumers/tasks.ts', join(project, 'tasks.ts'));
  return () => rm(project, { recursive: true, force: true });
});

it('the tasks of a new user compile with strict and exactOptionalPropertyTypes', async () => {
  const compilerOptions = {
    ...{ noEmit: true, strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ noPropertyAccessFromIndexSignature: true, verbatimModuleSyntax: true, erasableSyntaxOnly: true },
    // the declarations of msw, Fastify and Express are not ours to check
    ...{
      module: 'nodenext',
      target: 'es2023',
      lib: ['es2023', 'dom', 'dom.iterable'],
      types: ['node'],
      skipLibCheck: true,
    },
  };
  await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['tasks.ts'] }));
  const { stdout } = await run(process.execPath, [inPackage('@typescript/native/bin/tsc'), '-p', project]).catch(
    (error: { stdout: string }) => error,
  );
  expect(stdout).toBe('');
});

it('the tasks of a new user run', async () => {
  const { stdout, stderr } = await run(process.execPath, ['tasks.ts', project], { cwd: project });
  expect(stderr).toBe('');
  expect(stdout.trim().split('\n')).toEqual([
    'Express: alice at /files',
    'Fastify: alice at /files',
    'uploaded: 1',
    'downloaded: Dear Alice',
    'saved: 10',
    'link: 200, true',
    'published: true',
    'renamed: letter to Alice.txt, ',
    'Hono: alice at /files',
    'name: attachment; filename="letter to Alice.txt", Dear Alice',
    'page: file.read, /albums, http://localhost:3000/app, Bearer',
    'token changes: Bearer,undefined',
    'starred documents: letter to Alice.txt',
    'largest: letter to Alice.txt',
    'bytes: 10',
    'failure: NotFoundError (http_404): list again',
    'failure: UnauthorizedError (http_401): sign in again',
    'failure: TokenExpiredError (token_expired): sign in again',
    'failure: InsufficientScopeError (http_403): ask for file.read',
    'failure: ApiError (http_503): try later',
    'failure: ResponseError (malformed_response): report it to the server',
    'failure: RateLimitError (http_429): wait 7 s',
    'failure: QuotaExceededError (http_413): delete something',
    'failure: ForbiddenError (http_403): ask the owner',
    'failure: NetworkError (network): start the server',
    'failure: TimeoutError (timeout): allow more time',
    'failure: ConfigurationError (unknown_option): correct the option',
    'failure: FileSystemError (file_not_found): look at all',
    'failure: CallbackError (state_missing): sign in again',
    'cancelled: the user left',
    'stored: 50',
    'responses: files.uploadEach 200 50 times, files.delete 200 50 times',
    'msw: bob, x.txt',
  ]);
});
