import { beforeAll, describe, expect, it } from 'vitest';
import { inPackage } from '../support/paths.js';
import { type RunnerProject, runnerCode, runnerProject } from '../support/runner-project.js';
import { scriptedServer } from '../support/scripted-server.js';

// Runs the files of docs/test-runners.md for Bun and Deno as they are printed.

let project: RunnerProject;
beforeAll(async () => {
  project = await runnerProject();
  return project.remove;
});

const bun = inPackage('.bin/bun', 'test/runtimes');
const deno = inPackage('.bin/deno', 'test/runtimes');

describe('the file in docs/test-runners.md', () => {
  it('runs in Bun', async () => {
    const [file = ''] = runnerCode('Bun');
    await project.write('app.test.ts', file);
    const { code, output } = await project.run(bun, ['test', './app.test.ts']);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringMatching(/ 1 pass\n 0 fail/) });
  });

  it('compiles and runs in Deno, without permissions', async () => {
    const [file = ''] = runnerCode('Deno');
    await project.write('app_test.ts', file);
    const { code, output } = await project.run(deno, ['test', '--cached-only', 'app_test.ts']);
    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('ok | 1 passed | 0 failed') });
  });
});

// if this fails, docs/test-runners.md can recommend msw
it.each([
  ['Node', 'from msw', process.execPath, []],
  ['Bun', 'from the server', bun, ['run']],
  ['Deno', 'from the server', deno, ['run', '--allow-all', '--cached-only', '--no-check']],
])('with msw in %s, the response is %s', async (_runtime, expected, program, args) => {
  const server = await scriptedServer((_request, response) => void response.end('from the server'));
  await project.write(
    'msw.mjs',
    `import { http, HttpResponse } from 'msw';
    import { setupServer } from 'msw/node';
    const url = process.argv.at(-1);
    setupServer(http.get(url, () => HttpResponse.text('from msw'))).listen();
    console.log(await (await fetch(url)).text());
    process.exit(0);`,
  );
  const { output } = await project.run(program, [...args, 'msw.mjs', `${server.url}/`]);
  expect(output).toContain(expected);
});
