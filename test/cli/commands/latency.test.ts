import { spawn } from 'node:child_process';
import { expect, it } from 'vitest';

it('keeps the process alive until a delayed response, but stops on a signal without waiting for one', async () => {
  const program = `import { createSandbox } from './dist/sandbox.js';
    const { status } = await createSandbox({ faults: 'latency=200' }).fetch('http://localhost/v1/account');
    process.exitCode = status === 401 ? 0 : 1;`;
  const script = spawn(process.execPath, ['--input-type=module', '-e', program]);
  expect(await new Promise((resolve) => script.once('exit', resolve))).toBe(0);

  const flags = ['sandbox', '--port', '0', '--json', '--faults', 'latency=600000'];
  const sandbox = spawn(process.execPath, ['dist/cli.js', ...flags]);
  const ended = new Promise((resolve) => sandbox.once('exit', resolve));
  const line = await new Promise<string>((resolve) => sandbox.stdout.once('data', (data) => resolve(String(data))));
  const response = fetch(`${JSON.parse(line).apiBaseUrl}/account`).catch(() => 'connection closed');
  await new Promise((resolve) => setTimeout(resolve, 200)); // until the request has arrived
  sandbox.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(await response).toBe('connection closed');
});
