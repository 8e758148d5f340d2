import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { blocksOf, testRunners } from '../../docs/pages.js';
import { linkPackage } from '../../support/packed-package.js';
import { inPackage, inRepository } from '../../support/paths.js';
import { type RunnerProject, runnerCode, runnerProject } from '../../support/runner-project.js';

// Runs the files of docs/test-runners.md as they are printed. Those for Bun and Deno run in test/runtimes.

let project: RunnerProject;
beforeAll(async () => {
  project = await runnerProject();
  for (const name of ['jsdom', 'happy-dom', 'jest', 'jest-environment-jsdom', 'jest-fixed-jsdom']) {
    await linkPackage(name, project.folder, 'test/consumers');
  }
  return project.remove;
});

describe('Vitest', () => {
  it.each([
    ['Vitest', 'node'],
    ['Vitest', 'jsdom'],
    ['Vitest', 'happy-dom'],
    ['Vitest with jsdom or happy-dom', 'jsdom'],
    ['Vitest with jsdom or happy-dom', 'happy-dom'],
  ])('runs the file of "%s" in %s', async (heading, environment) => {
    const [file = ''] = runnerCode(heading);
    // this file must not spell the comment out: Vitest would find it
    await project.write('app.spec.ts', file.replace(/^(\/\/ @\S+) jsdom/, `$1 ${environment}`));
    // Vitest would find jsdom and happy-dom beside itself
    const env = { NODE_OPTIONS: `--import=${inRepository('test/consumers/runners/find-in-project.js')}` };
    const args = ['run', `--environment=${environment}`, 'app.spec.ts'];
    const { code, output } = await project.run(
      process.execPath,
      [join(project.folder, 'node_modules/vitest/vitest.mjs'), ...args],
      env,
    );
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/Tests +1 passed/) });
  });
});

/** Runs a test file in Jest, in this environment or in that of the configuration in the page. */
async function jest(
  heading: string,
  {
    file = runnerCode(heading).at(-1) ?? '',
    name = file.includes('require(') ? 'app.test.cjs' : 'app.test.js',
    environment = '',
    flags = true,
  } = {},
) {
  const [configuration = ''] = runnerCode(heading);
  const isConfigured = !file.includes('require(');
  await project.write('package.json', JSON.stringify({ type: 'module', private: true }));
  if (isConfigured) await project.write('jest.config.mjs', configuration);
  await project.write(name, file);
  const args = [
    ...['--testMatch', `**/${name}`],
    // the packages are links to where jest-fixed-jsdom cannot be found by its name
    ...(isConfigured ? ['--config', 'jest.config.mjs'] : ['--config', '{}']),
    ...(environment ? ['--env', environment] : []),
  ];
  const env = flags ? { NODE_OPTIONS: '--experimental-vm-modules' } : {};
  return project.run(process.execPath, [inPackage('jest/bin/jest.js', 'test/consumers'), ...args], env);
}

describe('Jest', () => {
  it.each(['Jest with ES modules', 'Jest with CommonJS', 'Jest with jsdom'])(
    'runs the file of "%s"',
    async (heading) => {
      const { code, output } = await jest(heading);
      expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/Tests: +1 passed, 1 total/) });
    },
  );

  const call = `
    const { ApiClient } = require('doctape-sdk');
    test('calls', () => new ApiClient({ token: 'a-token' }).files.list());`;
  const seal = `
    const { createTokenSeal } = require('doctape-sdk/server');
    const token = { access_token: 'a-token', token_type: 'Bearer' };
    test('seals', () => createTokenSeal('a key of at least 32 characters for tests').seal(token));`;
  const authorize = `
    const { AuthorizationCodeClient } = require('doctape-sdk/server');
    const options = { clientId: 'an-app', redirectUri: 'https://app.example/callback' };
    test('signs in', () => new AuthorizationCodeClient(options).authorize());`;
  it.each([
    ['Request is not defined', 'Jest with jsdom', { environment: 'jsdom' }],
    ['TextEncoder is not defined', 'Jest with CommonJS', { environment: 'jsdom', file: seal }],
    ['this runtime has no global fetch', 'Jest with CommonJS', { environment: 'jsdom', file: call }],
    ['must not be in a browser page', 'Jest with CommonJS', { environment: 'jest-fixed-jsdom', file: seal }],
    ['crypto.subtle is missing', 'Jest with CommonJS', { environment: 'jest-fixed-jsdom', file: authorize }],
    ['require is not defined', 'Jest with CommonJS', { name: 'app.test.js' }],
    ['Must use import to load ES Module', 'Jest with CommonJS', { flags: false }],
  ])('reports "%s" where the page says so', async (message, heading, settings) => {
    const { code, output } = await jest(heading, settings);
    expect({ code, output }).toEqual({ code: 1, output: expect.stringContaining(message) });
  });
});

it('node:test runs the file of the page', async () => {
  const [file = ''] = runnerCode('The test runner of Node');
  await project.write('package.json', JSON.stringify({ type: 'module', private: true }));
  await project.write('app.ts', file);
  const { code, output } = await project.run(process.execPath, ['--test', 'app.ts']);
  expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/pass 1\n.*fail 0/s) });
});

it('every file of the page has a test', () => {
  const headings = blocksOf(testRunners).map(({ place }) =>
    place.replace(`${testRunners}: `, '').replace(/ \(\d+\)$/, ''),
  );
  expect([...new Set(headings)]).toEqual([
    'Vitest',
    'Vitest with jsdom or happy-dom',
    'Jest with ES modules',
    'Jest with CommonJS',
    'Jest with jsdom',
    'The test runner of Node',
    'Bun',
    'Deno',
  ]);
});
