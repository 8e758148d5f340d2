import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';

it('waits for a late answer when nothing else is to be done, and for none when told to stop', async () => {
  const program = `import { createSandbox } from './dist/sandbox.js';
    const { status } = await createSandbox({ faults: 'latency=200' }).fetch('http://localhost/v1/account');
    process.exitCode = status === 401 ? 0 : 1;`;
  const script = spawn(process.execPath, ['--input-type=module', '-e', program]);
  expect(await new Promise((resolve) => script.once('exit', resolve))).toBe(0);

  const flags = ['sandbox', '--port', '0', '--json', '--faults', 'latency=600000'];
  const sandbox = spawn(process.execPath, ['dist/cli.js', ...flags]);
  const ended = new Promise((resolve) => sandbox.once('exit', resolve));
  const line = await new Promise<string>((resolve) => sandbox.stdout.once('data', (data) => resolve(String(data))));
  const asked = fetch(`${JSON.parse(line).apiBaseUrl}/account`).catch(() => 'cut off');
  await new Promise((resolve) => setTimeout(resolve, 200)); // for the request to arrive
  sandbox.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(await asked).toBe('cut off');
});
